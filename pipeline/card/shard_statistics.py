"""What the card needs of one shard; stored beside it to be computed once."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pipeline.card.feature_sums import Accumulator, FeatureSums
from pipeline.images.perceptual_hash import Look
from pipeline.recordset import manifest

# (image id, split, file, offset). A plain tuple crosses a Beam shuffle five
# times as fast as an object does.
Ref = tuple[str, str, str, int]


@dataclasses.dataclass(frozen=True)
class Image:
    """What the card needs of a record, and where the record lies.

    Attributes:
      image_id: the record's id.
      split: the record's split.
      file: name of its shard.
      offset: the byte of the shard at which the record begins.
      captions: the image's captions.
      look: what its pixels look like.
    """

    image_id: str
    split: str
    file: str
    offset: int
    captions: tuple[str, ...]
    look: Look

    @property
    def ref(self) -> Ref:
        """Where the record lies, as a plain tuple."""
        return self.image_id, self.split, self.file, self.offset


class ShardLog:
    """Collects, record by record, what only the writer of a shard sees."""

    def __init__(self) -> None:
        """Begins with no record."""
        self._looks: list[Look] = []
        self._sums = Accumulator()

    def add(self, look: Look, grid: np.ndarray) -> None:
        """Adds the next record.

        Args:
          look: what its image looks like.
          grid: float32 [locations, depth], all finite.
        """
        self._looks.append(look)
        self._sums.add(grid)

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values for the shard's side file."""
        sums = dataclasses.asdict(self._sums.total())
        return {"looks": list(map(str, self._looks)), "sums": sums}


@dataclasses.dataclass(frozen=True)
class ShardFacts:
    """One shard's records and the sums over its grids.

    Attributes:
      images: one for each record, in the shard's order.
      sums: over the grids of all records.
    """

    images: tuple[Image, ...]
    sums: FeatureSums

    @classmethod
    def join(
        cls,
        row: manifest.Shard,
        offsets: Iterable[int],
        log: Mapping[str, Any],
        captioned: Iterable[tuple[str, tuple[str, ...]]],
    ) -> "ShardFacts":
        """Joins the contents of a shard's side file with its references.

        Args:
          row: the shard's row of the manifest.
          offsets: the byte at which each record begins.
          log: what `ShardLog.to_json` returned.
          captioned: (image id, captions) of each record, in the shard's order.

        Raises:
          ValueError: offsets, looks and captioned records differ in number.
        """
        looks = map(Look.parse, log["looks"])
        images = tuple(
            Image(image_id, row.split, row.file, offset, captions, look)
            for (image_id, captions), offset, look in zip(
                captioned, offsets, looks, strict=True
            )
        )
        return cls(images, FeatureSums.from_json(log["sums"]))
