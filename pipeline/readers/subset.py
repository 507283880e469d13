"""A part of a data set that does not depend on the order of its images."""

from typing import Any

import apache_beam as beam
from apache_beam import metrics

from pipeline.recordset import splits

NAMESPACE, FOUND = "limit", "images"


class ReadSome(beam.PTransform):
    """Begin -> (references, rejects) of the images with the smallest hashes.

    No worker holds more than `size` hashes. The Beam metric `images` of the
    namespace `limit` counts the images of the whole data set.
    """

    def __init__(self, reader: beam.PTransform, size: int):
        """Keeps a reader, and the number of its images to take.

        Args:
          reader: begin -> (references, rejects).
          size: images; all of them where there are fewer.
        """
        super().__init__()
        self._reader, self._size = reader, size

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        references, rejects = begin | self._reader
        last = (
            references
            | "Place" >> beam.Map(_place)
            | "Once an image" >> beam.Distinct()
            | "Count images" >> beam.Map(_counted)
            | beam.combiners.Top.Smallest(self._size)
            | "Last place" >> beam.Map(max, default=0.0)
        )
        return tuple(
            rows
            | f"Keep {name}"
            >> beam.Filter(
                lambda row, last: _place(row) <= last,
                beam.pvalue.AsSingleton(last),
            )
            # Rejects are drawn alike, so that they keep their share.
            for name, rows in (("images", references), ("rejects", rejects))
        )


def _place(row: Any) -> float:
    """Position of a reference or a reject in the draw, in [0, 1)."""
    return splits.unit_hash("limit", row.image_id)


def _counted(place: float) -> float:
    metrics.Metrics.counter(NAMESPACE, FOUND).inc()
    return place
