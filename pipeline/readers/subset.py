"""A part of a data set that does not depend on the order of its images."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from pipeline.readers.reference import Reference, left_out
from pipeline.readers.rejects import REJECTS, Reject, Unit
from pipeline.recordset import splits


class ReadSome(beam.PTransform):
    """Begin -> (references, rejects) of the images with the smallest hashes."""

    def __init__(self, reader: beam.PTransform, size: int):
        """Keeps a reader, and the number of its images to take."""
        super().__init__()
        self._reader, self._size = reader, size

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        return begin | self._reader | Draw(self._size)


class Draw(beam.PTransform):
    """(References, rejects) -> those of the images with the smallest hashes.

    All others become rejects that are no fault. No worker holds more than
    `size` hashes.
    """

    def __init__(self, size: int):
        """Keeps the number of images to take; all where there are fewer."""
        super().__init__()
        self._size = size

    def expand(self, rows: Any) -> Any:
        """Builds the stages of this transform."""
        references, rejects = rows
        last = beam.pvalue.AsSingleton(
            references
            | "Place" >> beam.Map(_place)
            | "Once an image" >> beam.Distinct()
            | beam.combiners.Top.Smallest(self._size)
            | "Last place" >> beam.Map(_last, self._size)
        )
        drawn, others = references | "Draw images" >> beam.FlatMap(
            _draw, last
        ).with_outputs(REJECTS, main="drawn")
        rejects |= "Draw rejects" >> beam.Map(_draw_reject, last)
        return drawn, (rejects, others) | "Not drawn" >> beam.Flatten()


def _place(row: Reference | Reject) -> float:
    """Position of a reference or a reject in the draw, in [0, 1)."""
    return splits.unit_hash("limit", row.image_id)


def _last(smallest: list[float], size: int) -> float:
    """The last place that is taken; all are where there are too few."""
    return max(smallest) if len(smallest) == size else 1.0


def _draw(part: Reference, last: float) -> Iterator[Any]:
    if _place(part) <= last:
        yield part
    else:
        reject = left_out([part], "over-limit", "--limit takes others")
        yield beam.pvalue.TaggedOutput(REJECTS, reject)


def _draw_reject(row: Any, last: float) -> Any:
    """Draws rejects like images, so that they keep their share.

    A shard that could not be read is never one of many.
    """
    if not isinstance(row, Reject):
        return row
    if row.unit == Unit.SHARDS or _place(row) <= last:
        return row
    return dataclasses.replace(
        row, reason="over-limit", detail="--limit takes others"
    )
