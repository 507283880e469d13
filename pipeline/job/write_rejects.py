"""Rejects -> `rejects-*.jsonl`, and how often each reason occurs."""

from typing import Any

import apache_beam as beam

from pipeline.readers import rejects as rejects_lib
from pipeline.recordset import splits


class WriteRejects(beam.PTransform):
    """Rejects -> (reason, count); writes `rejects-*.jsonl`."""

    def __init__(self, output: str, num_shards: int):
        """Keeps the folder and the number of files."""
        super().__init__()
        self._output, self._num_shards = output, num_shards

    def expand(self, rejects: Any) -> Any:
        """Builds the stages of this transform."""
        output, num_shards = self._output, self._num_shards
        return (
            rejects
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
            | "Count reasons" >> beam.combiners.Count.PerElement()
        )
