"""A sample of images, drawn by hash, and their records read back."""

import collections
import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from pipeline.card.shard_statistics import Ref, ShardFacts
from pipeline.files import beam_files
from pipeline.recordset import records, splits, tfrecord

# Images of each split that one process may hold, with their captions.
_MOST = 6000
# Images that the word models are measured on, images that the baselines are
# scored on, and images whose captions the baselines lend to those.
_MEASURED, _SCORED, _LENT = 1000, 300, 1000
_SHOWN = 12
# Names of splits to measure on, the best first.
_HELD_OUT = ("validation", "val", "dev", "test")

# Where the record of an image lies, and its captions.
Drawn = tuple[Ref, tuple[str, ...]]
Ranked = tuple[float, Drawn]
Groups = Mapping[str, Sequence[tuple[Ref, ...]]]


class Draw(beam.PTransform):
    """ShardFacts -> one {split: [(rank, Drawn)]} of the smallest hashes."""

    def expand(self, facts: Any) -> Any:
        """Builds the stages of this transform."""
        # Neither CombineGlobally nor a side input: to cache it, Beam would
        # measure each caption.
        nothing = facts.pipeline | "Begin draw" >> beam.Create([(None, {})])
        return (
            (facts | "Rank" >> beam.Map(_ranked), nothing)
            | "All ranks" >> beam.Flatten()
            | "Draw first" >> beam.CombinePerKey(_first)
            | beam.Values()
        )


def _ranked(shard: ShardFacts) -> tuple[None, dict[str, list[Ranked]]]:
    ranked: dict[str, list[Ranked]] = collections.defaultdict(list)
    for image in shard.images:
        if image.captions:
            rank = splits.unit_hash("sample", image.image_id)
            ranked[image.split].append((rank, (image.ref, image.captions)))
    # One element for all images of the shard: Beam is slow with many.
    return None, _first([ranked])


def _first(
    several: Iterable[Mapping[str, list[Ranked]]],
) -> dict[str, list[Ranked]]:
    every: dict[str, list[Ranked]] = collections.defaultdict(list)
    for ranked in several:
        for split, images in ranked.items():
            every[split] += images
    return {split: sorted(images)[:_MOST] for split, images in every.items()}


@dataclasses.dataclass(frozen=True)
class Plan:
    """Which images serve for what.

    Attributes:
      split: of `measured` and `scored`.
      counted: images of train, which the word models count.
      measured: images that the word models are measured on.
      scored: images that the baselines are scored on.
      lent: images of train, whose captions are lent to `scored`.
      shown: topic -> groups of images to show.
    """

    split: str
    counted: tuple[Drawn, ...]
    measured: tuple[Drawn, ...]
    scored: tuple[Drawn, ...]
    lent: tuple[Drawn, ...]
    shown: Groups

    @classmethod
    def of(
        cls,
        drawn: Mapping[str, Sequence[Ranked]],
        examples: Groups,
    ) -> "Plan":
        """Plans for the splits that there are.

        Without a split to measure on, a fifth of train's sample is set apart.

        Args:
          drawn: of each split, the images and their ranks in [0, 1).
          examples: topic -> groups of images to show.
        """
        images = {
            split: tuple(image for _, image in sorted(ranked))
            for split, ranked in drawn.items()
        }
        train = images.get("train", ())
        split = next((name for name in _HELD_OUT if name in images), "train")
        fifth = len(train) // 5
        held = images.get(split, ())
        if split == "train":
            held, train = train[:fifth], train[fifth:]
        shown = {topic: sorted(set(rows)) for topic, rows in examples.items()}
        return cls(
            split=split,
            counted=train,
            measured=held[:_MEASURED],
            scored=held[:_SCORED],
            lent=train[:_LENT],
            shown={
                "sample": [tuple(ref for ref, _ in train[:_SHOWN])],
                **shown,
            },
        )

    def places(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yields (file, offsets of the records to read back)."""
        shown = [ref for each in self.shown.values() for g in each for ref in g]
        drawn = [ref for ref, _ in (*self.scored, *self.lent)]
        wanted = sorted({(file, at) for _, _, file, at in (*drawn, *shown)})
        by_file = itertools.groupby(wanted, key=lambda place: place[0])
        for file, group in by_file:
            yield file, tuple(offset for _, offset in group)


@dataclasses.dataclass(frozen=True)
class Stored:
    """What is kept of a record that was read back.

    Attributes:
      image_id: the record's id.
      captions: of the image.
      pooled: float32 [depth], the mean of its grid over locations.
    """

    image_id: str
    captions: tuple[str, ...]
    pooled: np.ndarray


class ReadBack(beam.PTransform):
    """Plan -> ((file, offset), Stored) of each image that it needs."""

    def __init__(self, output: str, grid: records.GridSpec):
        """Keeps where the shards lie and how their grids are stored."""
        super().__init__()
        self._output, self._grid = output, grid

    def expand(self, plan: Any) -> Any:
        """Builds the stages of this transform."""
        output, grid = self._output, self._grid
        return (
            plan
            | "Places" >> beam.FlatMap(Plan.places)
            | beam.Reshuffle()
            | "Read back"
            >> beam.FlatMapTuple(
                lambda file, offsets: read(output, grid, file, offsets)
            )
        )


def read(
    output: str, grid: records.GridSpec, file: str, offsets: Sequence[int]
) -> Iterator[tuple[tuple[str, int], Stored]]:
    """Reads records of one shard: ((file, offset), Stored) of each.

    Args:
      output: folder of the shards.
      grid: how their grids are stored.
      file: name of the shard.
      offsets: the bytes at which the records begin.
    """
    with beam_files.open_file(os.path.join(output, file)) as stream:
        for offset in offsets:
            stream.seek(offset)
            data = tfrecord.read_next(stream)
            record = records.CaptionedImage.from_bytes(data)
            pooled = grid.from_bytes(record.grid).mean(axis=0)
            yield (
                (file, offset),
                Stored(record.image_id, record.captions, pooled),
            )
