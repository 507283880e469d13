"""Every image of a split once, with all of its captions: to decode, to score.

Records lie in hashed order, so the first of a split are a fair sample of it.
"""

import dataclasses
from collections.abc import Collection, Iterator

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records
from trainer.data import options, part_records


@dataclasses.dataclass(frozen=True)
class ImageBatch:
    """Images to decode and score, with all of their captions.

    Attributes:
      image_ids: the real images; the grid may hold more rows, to fill it.
      captions: all references of each real image.
      thumbnails: a JPEG of each real image, or empty bytes.
      grid: [batch, locations, depth] of the stored dtype.
    """

    image_ids: list[str]
    captions: list[list[str]]
    thumbnails: list[bytes]
    grid: tf.Tensor

    @property
    def real_grids(self) -> np.ndarray:
        """Grids of the real images alone, float32."""
        return np.asarray(self.grid[: len(self.image_ids)], np.float32)


def batches(
    record_set: record_set_lib.RecordSet,
    split: str,
    *,
    batch_images: int,
    limit: int | None = None,
) -> Iterator[ImageBatch]:
    """Every image of a split once, in batches of one static shape.

    Args:
      record_set: where from.
      split: one of the manifest's.
      batch_images: rows of each grid.
      limit: the first so many images only.

    Raises:
      RecordSetError: no such split.
    """
    spec = record_set.manifest.grid
    dataset = _serialised(record_set, split).take(
        -1 if limit is None else limit
    )
    rows = dataset.batch(batch_images)
    batches = rows.map(lambda serialised: records.parse(serialised, spec))
    for batch in batches.prefetch(1):
        grid = batch["grid"]
        missing = batch_images - grid.shape[0]
        yield ImageBatch(
            image_ids=[name.decode() for name in batch["image_id"].numpy()],
            captions=[
                [text.decode() for text in row]
                for row in batch["captions"].to_list()
            ],
            thumbnails=list(batch["thumbnail"].numpy()),
            grid=tf.pad(grid, [[0, missing], [0, 0], [0, 0]]),
        )


def captions(
    record_set: record_set_lib.RecordSet, split: str, *, limit: int
) -> list[list[str]]:
    """All captions of the first `limit` images of a split.

    Raises:
      RecordSetError: no such split.
    """
    rows = (
        _serialised(record_set, split)
        .take(limit)
        .map(lambda row: records.fields(row)["captions"])
    )
    return [[text.decode() for text in row] for row in rows.as_numpy_iterator()]


def thumbnails(
    record_set: record_set_lib.RecordSet, split: str, ids: Collection[str]
) -> dict[str, bytes]:
    """Finds images of a split by their ids; no grid is read.

    Returns:
      Id -> the bytes of a JPEG file; empty bytes if the record has none.

    Raises:
      RecordSetError: no such split.
    """
    rows = _serialised(record_set, split).map(
        lambda row: records.fields(row, "image_id", "thumbnail")
    )
    found: dict[str, bytes] = {}
    for row in rows.as_numpy_iterator():
        name = row["image_id"].decode()
        if name in ids:
            found[name] = row["thumbnail"]
        if len(found) == len(ids):
            break
    return found


def ids(record_set: record_set_lib.RecordSet, split: str) -> list[str]:
    """The ids of a split's images, in the order of its records.

    Raises:
      RecordSetError: no such split.
    """
    rows = _serialised(record_set, split).map(
        lambda row: records.fields(row, "image_id")["image_id"]
    )
    return [image_id.decode() for image_id in rows.as_numpy_iterator()]


def _serialised(
    record_set: record_set_lib.RecordSet, split: str
) -> tf.data.Dataset:
    records_of_split = part_records.read(record_set.parts(split))
    return records_of_split.with_options(options.steady())
