"""References -> the vocabulary of the train split."""

import collections
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import tensorflow as tf

from pipeline.readers import reference
from pipeline.recordset import vocabulary


def _count_words(
    references: list[reference.Reference],
) -> Iterator[tuple[str, int]]:
    captions = [text for part in references for text in part.captions]
    words = vocabulary.tokenise(tf.constant(captions)).flat_values.numpy()
    for word, count in collections.Counter(words).items():
        yield word.decode(), count


class LearnVocabulary(beam.PTransform):
    """References -> one dumped vocabulary, of the train captions."""

    def __init__(self, *, min_count: int, max_size: int):
        """Keeps the least count of a word, and the most tokens."""
        super().__init__()
        self._min_count, self._max_size = min_count, max_size

    def expand(self, references: Any) -> Any:
        """Builds the stages of this transform."""
        train = references | "Train only" >> beam.Filter(
            lambda part: part.split == "train"
        )
        counts = (
            train
            | beam.BatchElements(min_batch_size=64, max_batch_size=512)
            | "Count words" >> beam.FlatMap(_count_words)
            | "Sum counts" >> beam.CombinePerKey(sum)  # (word, occurrences)
        )
        kept = (
            counts
            | beam.Filter(lambda pair, least: pair[1] >= least, self._min_count)
            | beam.combiners.Top.Of(
                max(self._max_size - len(vocabulary.SPECIAL), 1),
                key=lambda pair: (-pair[1], pair[0]),
                reverse=True,
            )
        )
        total = counts | beam.Values() | beam.CombineGlobally(sum)
        number = (
            train
            | "Count captions" >> beam.Map(lambda part: len(part.captions))
            | "Sum captions" >> beam.CombineGlobally(sum)
        )
        return kept | "Make vocabulary" >> beam.Map(
            lambda pairs, captions, words: vocabulary.Vocabulary.from_counts(
                dict(pairs), num_captions=captions, num_words=words
            ).dump(),
            beam.pvalue.AsSingleton(number),
            beam.pvalue.AsSingleton(total),
        )
