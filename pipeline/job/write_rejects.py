"""Rejects -> `rejects-*.jsonl`, and why images were rejected."""

from typing import Any

import apache_beam as beam

from pipeline.readers import rejects as rejects_lib
from pipeline.recordset import splits


class WriteRejects(beam.PTransform):
    """Rejects -> (reason, count) of images; writes `rejects-*.jsonl`.

    What is left out by no fault of the data is not listed.
    """

    def __init__(self, output: str, num_shards: int):
        """Keeps the folder and the number of files."""
        super().__init__()
        self._output, self._num_shards = output, num_shards

    def expand(self, rejects: Any) -> Any:
        """Builds the stages of this transform."""
        output, num_shards = self._output, self._num_shards
        return (
            rejects
            | "Faults" >> beam.Filter(_is_fault)
            | "Key rejects"
            >> beam.Map(
                lambda row: (splits.shard_of(row.image_id, num_shards), row)
            )
            | "Group rejects" >> beam.GroupByKey()  # (number, [Reject])
            | "Write rejects"
            >> beam.FlatMapTuple(
                lambda number, rows: rejects_lib.write_rejects(
                    output, number, num_shards, rows
                )
            )
            | "Of images" >> beam.Filter(_is_of_image)
            | "Count reasons" >> beam.combiners.Count.PerElement()
        )


def _is_fault(row: rejects_lib.Read | rejects_lib.Reject) -> bool:
    return isinstance(row, rejects_lib.Reject) and row.fault


def _is_of_image(reason: str) -> bool:
    return rejects_lib.unit_of(reason) == rejects_lib.Unit.IMAGES
