"""Captions and words are counted by split."""

from collections import Counter

import apache_beam as beam

from pipeline.job.card import count_captions
from pipeline.job.card.split_counts import SplitCounts
from pipeline.recordset import vocabulary as vocabulary_lib
from tests.support import pipes
from tests.support.facts_of_shards import shard

SHARDS = [
    shard("train", {"a": ["A dog.", "a dog"], "b": ["the cat", "a  DOG!"]}),
    shard("train", {"c": ["a dog", "red zebra"]}, number=1),
    shard("test", {"d": ["a dog"]}),
    shard("test", {}, number=1),
]
VOCABULARY = vocabulary_lib.Vocabulary.from_counts(
    {"a": 4, "dog": 4, "cat": 1}, num_captions=6, num_words=12
).dump()
EXPECTED = {
    "train": SplitCounts(
        images=3,
        captions_per_image=Counter({2: 3}),
        caption_lengths=Counter({2: 6}),
        times=Counter({4: 1, 1: 2}),
        spellings=5,
        shared=4,
        repeated_within=1,
        words=12,
        unknown_words=3,
        types=6,
        known_types=3,
    ),
    "test": SplitCounts(
        images=1,
        captions_per_image=Counter({1: 1}),
        caption_lengths=Counter({2: 1}),
        times=Counter({1: 1}),
        spellings=1,
        words=2,
        types=2,
        known_types=2,
    ),
}


def test_captions_and_words_are_counted_by_split() -> None:
    with pipes.runner() as pipeline:
        facts = pipeline | "Facts" >> beam.Create(SHARDS)
        vocabulary = pipeline | "Words" >> beam.Create([VOCABULARY])
        counted, frequent = (facts, vocabulary) | count_captions.CountCaptions(
            3
        )
        pipes.check(
            counted | beam.CombinePerKey(SplitCounts.merge),
            list(EXPECTED.items()),
        )
        pipes.check(
            frequent,
            [("train", [(4, "a dog")])],
        )


def test_long_captions_share_the_last_row() -> None:
    long = shard("train", {"a": ["word " * 300, "word " * 64]})
    with pipes.runner() as pipeline:
        facts = pipeline | "Facts" >> beam.Create([long])
        vocabulary = pipeline | "Words" >> beam.Create([VOCABULARY])
        counted, _ = (facts, vocabulary) | count_captions.CountCaptions(3)
        summed = counted | beam.CombinePerKey(SplitCounts.merge)
        pipes.check(
            summed | beam.MapTuple(lambda _, counts: counts.caption_lengths),
            [Counter({64: 2})],
        )
