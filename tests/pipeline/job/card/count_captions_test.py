import apache_beam as beam

from pipeline.job.card import count_captions
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
    ("train", "images", 0): 3,
    ("train", "per image", 2): 3,
    ("train", "length", 2): 6,
    ("train", "within", 0): 1,
    ("train", "blank", 0): 0,
    ("train", "times", 4): 1,
    ("train", "times", 1): 2,
    ("train", "shared", 0): 4,
    ("train", "exact", 0): 5,
    ("train", "words", 0): 12,
    ("train", "types", 0): 6,
    ("train", "known types", 0): 3,
    ("train", "unknown", 0): 3,
    ("test", "images", 0): 1,
    ("test", "per image", 1): 1,
    ("test", "length", 2): 1,
    ("test", "within", 0): 0,
    ("test", "blank", 0): 0,
    ("test", "times", 1): 1,
    ("test", "exact", 0): 1,
    ("test", "words", 0): 2,
    ("test", "types", 0): 2,
    ("test", "known types", 0): 2,
}


def test_captions_and_words_are_counted_by_split() -> None:
    with pipes.runner() as pipeline:
        facts = pipeline | "Facts" >> beam.Create(SHARDS)
        vocabulary = pipeline | "Words" >> beam.Create([VOCABULARY])
        counted, frequent = (facts, vocabulary) | count_captions.CountCaptions(
            3
        )
        pipes.check(
            counted | "Sum tallies" >> beam.CombinePerKey(sum),
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
        lengths = counted | beam.Filter(lambda pair: pair[0][1] == "length")
        pipes.check(
            lengths | "Sum tallies" >> beam.CombinePerKey(sum),
            [(("train", "length", 64), 2)],
        )
