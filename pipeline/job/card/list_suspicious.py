"""Finished shards -> the pairs that look wrong, where the card says some do."""

import collections
import os
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from pipeline.card import data_card, suspicious_pairs
from pipeline.card.shard_statistics import ShardFacts
from pipeline.card.wrong_pairs import are_sound
from pipeline.files import beam_files
from pipeline.recordset import records, splits, tfrecord

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
            >> beam.FlatMap(_by_part, card=beam.pvalue.AsSingleton(card))
            | "Shards of a part" >> beam.GroupByKey()
            | "Compare"
            >> beam.FlatMapTuple(
                lambda _, shards: _suspicious(output, grid, shards)
            )
        )


def _by_part(shard: ShardFacts, card: str) -> Iterator[tuple[int, _Shard]]:
    facts = data_card.parse(card).facts
    if are_sound(facts.pairs):
        return
    parts = -(-facts.splits["train"].images // suspicious_pairs.PART)
    places = collections.defaultdict(list)
    for image in shard.images:
        if image.split == "train" and image.captions:
            places[image.file].append(image.offset)
    for file, offsets in places.items():
        part = int(splits.unit_hash("part", file) * parts)
        yield part, (file, tuple(offsets))


def _suspicious(
    output: str, grid: records.GridSpec, shards: Iterable[_Shard]
) -> list[suspicious_pairs.Pair]:
    found, pooled = [], []
    for file, offsets in sorted(shards):
        with beam_files.open_file(os.path.join(output, file)) as stream:
            for offset in offsets:
                stream.seek(offset)
                data = tfrecord.read_next(stream)
                record = records.CaptionedImage.from_bytes(data)
                found.append((record.image_id, record.captions))
                pooled.append(grid.from_bytes(record.grid).mean(axis=0))
    ids, captions = zip(*found, strict=True)
    return suspicious_pairs.find(ids, captions, np.stack(pooled))
