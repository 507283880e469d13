"""The vocabulary is learned from the train split alone."""

import apache_beam as beam
import pytest

from pipeline.job import vocabulary as job_vocabulary
from pipeline.readers.reference import Reference
from pipeline.recordset import vocabulary as recordset_vocabulary
from tests.support import pipes

VOCABULARY_PARTS = [
    Reference("1", "a.jpg", ("A dog.", "a dog and a cat"), "train"),
    Reference("2", "a.jpg", ("the man's cat",), "train"),
    Reference("3", "a.jpg", ("zebra zebra zebra",), "test"),
]


@pytest.mark.parametrize(
    ("min_count", "max_size", "words"),
    [
        (1, 99, {"a": 3, "cat": 2, "dog": 2, "and": 1, "man's": 1, "the": 1}),
        (2, 99, {"a": 3, "cat": 2, "dog": 2}),
        (1, 6, {"a": 3, "cat": 2}),
        (9, 99, {}),
    ],
)
def test_the_vocabulary_is_learned_from_train_only(
    min_count: int, max_size: int, words: dict[str, int]
) -> None:
    expected = recordset_vocabulary.Vocabulary.from_counts(
        words, num_captions=3, num_words=10
    )
    with pipes.runner() as pipeline:
        dumped = (
            pipeline
            | beam.Create(VOCABULARY_PARTS)
            | job_vocabulary.LearnVocabulary(
                min_count=min_count, max_size=max_size
            )
        )
        pipes.check(dumped, [expected.dump()])


def test_without_train_captions_the_vocabulary_is_empty() -> None:
    expected = recordset_vocabulary.Vocabulary.from_counts(
        {}, num_captions=0, num_words=0
    )
    with pipes.runner() as pipeline:
        dumped = (
            pipeline
            | beam.Create(VOCABULARY_PARTS[2:])
            | job_vocabulary.LearnVocabulary(min_count=1, max_size=9)
        )
        pipes.check(dumped, [expected.dump()])
