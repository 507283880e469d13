"""References -> shards of records.

Only references cross the shuffle, never grids or pixels. They are hashed to a
shard and grouped; then one task decodes, encodes and writes the shard. That
keeps the runner's memory flat, lets a finished shard be skipped, and makes its
bytes independent of runner, bundles and number of workers.
"""

import gc
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows

from pipeline.readers import reference, rejects
from pipeline.recordset import splits
from pipeline.shards import encode, shard_index, write_shard

GROUPED, FACTS = "grouped", "facts"


class WriteShards(beam.PTransform):
    """References -> (manifest rows, rejects, references grouped, facts)."""

    def __init__(self, writer: write_shard.ShardWriter):
        """Keeps the writer, which travels to the workers without a model."""
        super().__init__()
        self._writer = writer

    def expand(self, references: Any) -> Any:
        """Builds the stages of this transform."""
        num_shards = self._writer.num_shards
        return (
            references
            | "Key by shard"
            >> beam.Map(
                lambda part: (
                    (part.split, splits.shard_of(part.image_id, num_shards)),
                    part,
                )
            )
            | beam.GroupByKey()  # ((split, number), [Reference])
            | "Encode and write"
            >> beam.ParDo(_WriteShard(self._writer)).with_outputs(
                rejects.REJECTS, GROUPED, FACTS, main="rows"
            )
        )


class _WriteShard(beam.DoFn):
    def __init__(self, writer: write_shard.ShardWriter):
        self._writer = writer

    def setup(self) -> None:
        """Takes what was imported out of garbage collection.

        It is never garbage, and many captions cause many collections.
        """
        gc.freeze()

    def start_bundle(self) -> None:
        """Starts threads, which one shard after another shares."""
        self._threads = encode.open_threads()
        self._begun: write_shard.BegunShard | None = None

    def process(
        self,
        group: tuple[tuple[str, int], Iterable[reference.Reference]],
    ) -> Iterator[Any]:
        """Begins a shard, then finishes the one before.

        So the first images of a shard are encoded while the last ones of the
        shard before are.
        """
        (split, number), references = group[0], list(group[1])
        yield beam.pvalue.TaggedOutput(GROUPED, len(references))
        before = self._begun
        self._begun = self._writer.begin(
            split, number, references, self._threads
        )
        if before:
            yield from _outputs(before.finish())

    def finish_bundle(self) -> Iterator[Any]:
        """Finishes the last shard."""
        with self._threads:
            if self._begun:
                for output in _outputs(self._begun.finish()):
                    yield _in_global_window(output)


def _outputs(shard: shard_index.WrittenShard) -> Iterator[Any]:
    """What the later stages get of a finished shard."""
    split = shard.row.split
    beam.metrics.Metrics.counter("written", split).inc(shard.row.records)
    if shard.row.records:
        yield shard.row
        yield beam.pvalue.TaggedOutput(FACTS, shard.facts)
    for reject in shard.rejects:
        yield beam.pvalue.TaggedOutput(rejects.REJECTS, reject)


def _in_global_window(output: Any) -> Any:
    """`finish_bundle` must emit windowed values."""
    if isinstance(output, beam.pvalue.TaggedOutput):
        value = GlobalWindows.windowed_value(output.value)
        return beam.pvalue.TaggedOutput(output.tag, value)
    return GlobalWindows.windowed_value(output)
