"""Finished shards -> the pairs that look wrong, where the card says some do."""

import collections
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from pipeline.card import data_card, suspicious_pairs
from pipeline.card.shard_statistics import ShardFacts
from pipeline.card.wrong_pairs import are_sound
from pipeline.job.card import draw_sample
from pipeline.recordset import records, shard_files

# File of a shard, and places of its records.
_Shard = tuple[str, tuple[int, ...]]


class ListSuspicious(beam.PTransform):
    """(ShardFacts, one dumped card) -> [Pair], none where pairs are sound.

    Only where the card finds wrong pairs are the grids of train read again.
    """

    def __init__(self, output: str, grid: records.GridSpec):
        """Keeps where the shards lie and how their grids are stored."""
        super().__init__()
        self._output, self._grid = output, grid

    def expand(self, inputs: Any) -> Any:
        """Builds the stages of this transform."""
        facts, card = inputs
        output, grid = self._output, self._grid
        return (
            facts
            | "Parts"
            >> beam.FlatMap(by_part, card=beam.pvalue.AsSingleton(card))
            | "Shards of a part" >> beam.GroupByKey()
            | "Compare"
            >> beam.FlatMapTuple(
                lambda _, shards: _suspicious(output, grid, shards)
            )
        )


def by_part(shard: ShardFacts, card: str) -> Iterator[tuple[int, _Shard]]:
    """Yields (part, (file, offsets)) of a shard's train images.

    Args:
      shard: one of train's, or of another split, which yields nothing.
      card: one dumped card; where its pairs are sound, nothing is yielded.
    """
    facts = data_card.parse(card).facts
    train = [
        image
        for image in shard.images
        if image.split == "train" and image.captions
    ]
    if are_sound(facts.pairs) or not train:
        return
    file = train[0].file
    _, number, count = shard_files.parse_shard_name(
        file.removesuffix(shard_files.RECORDS)
    )
    parts = suspicious_pairs.parts(facts.splits["train"].images)
    offsets = collections.defaultdict(list)
    for place, image in enumerate(train):
        # Shards are about equally large, so that parts are, too.
        before = (number + place / len(train)) / count
        offsets[int(before * parts)].append(image.offset)
    for part, some in offsets.items():
        yield part, (file, tuple(some))


def _suspicious(
    output: str, grid: records.GridSpec, shards: Iterable[_Shard]
) -> list[suspicious_pairs.Pair]:
    stored = [
        image
        for file, offsets in sorted(shards)
        for _, image in draw_sample.read(output, grid, file, offsets)
    ]
    return suspicious_pairs.find(
        [image.image_id for image in stored],
        [image.captions for image in stored],
        np.stack([image.pooled for image in stored]),
    )
