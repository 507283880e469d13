"""Near-duplicates are found within a split and across splits."""

from collections.abc import Sequence

import apache_beam as beam

from pipeline.card import near_duplicates
from pipeline.card.shard_statistics import ShardFacts
from pipeline.images.perceptual_hash import Look
from pipeline.job.card import find_duplicates
from pipeline.job.card.split_counts import SplitCounts
from tests.support import pipes
from tests.support.facts_of_shards import shard

SEEN = 1 << 63
ONE = Look(SEEN | 0xABC0_1234_5678, b"\x10" * 12)
NEAR = Look(ONE.bits ^ 0b101, b"\x18" * 12)
FAR = Look(ONE.bits ^ 0b111, b"\x10" * 12)
BLANK = Look(0, b"\x10" * 12)


def _check(
    shards: Sequence[ShardFacts],
    counts: dict[str, SplitCounts],
    examples: dict[str, list[list[str]]],
    *,
    crowded: int = 0,
) -> None:
    with pipes.runner() as pipeline:
        facts = pipeline | beam.Create(shards)
        counted, crowds, alike = facts | find_duplicates.FindAlike(5)
        summed = counted | beam.CombinePerKey(SplitCounts.merge)
        pipes.check(summed, list(counts.items()), "counts")
        pipes.check(crowds, [crowded], "crowded")
        named = alike | beam.MapTuple(
            lambda topic, groups: (
                topic,
                [[ref[0] for ref in group] for group in groups],
            )
        )
        pipes.check(named, list(examples.items()))


def test_near_duplicates_are_found_within_and_across_splits() -> None:
    _check(
        [
            shard("train", {"a": [], "b": []}, looks={"a": ONE, "b": FAR}),
            shard("train", {"c": []}, number=1, looks={"c": NEAR}),
            shard("test", {"d": [], "e": []}, number=2, looks={"d": ONE}),
        ],
        {
            "train": SplitCounts(repeated_images=3),
            "test": SplitCounts(leaked_images=1),
        },
        {
            "repeated": [["a", "c"], ["a", "c"], ["b", "c"]],
            "leaked": [["d", "a"]],
        },
    )


def test_blank_images_are_shown_but_are_no_duplicates() -> None:
    names = [f"{number:02d}" for number in range(30)]
    blanks = {name: BLANK for name in names}
    _check(
        [shard("train", {name: [] for name in names}, looks=blanks)],
        {},
        {"blank": [[name] for name in names[:8]]},
    )


def test_a_placeholder_that_stands_often_is_one_look() -> None:
    shards = [
        shard(
            "train",
            {f"{number}-{place}": [] for place in range(50)},
            number=number,
            looks={f"{number}-{place}": ONE for place in range(50)},
        )
        for number in range(4)
    ]
    _check(
        shards,
        {"train": SplitCounts(repeated_images=200)},
        {"repeated": [["0-0", "0-1"]]},
    )


def test_a_crowd_is_capped_and_told() -> None:
    # All share a band of 32 bits, and no two are near each other.
    many = near_duplicates.CROWD + 5
    looks = {
        f"{n:02d}": Look(SEEN | n * 0x0707_1111, b"\0" * 12)
        for n in range(many)
    }
    _check(
        [shard("train", {name: [] for name in looks}, looks=looks)],
        {},
        {},
        crowded=1,
    )
