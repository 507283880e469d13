"""Captions and words of each split, counted in any bundles and order."""

import collections
import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf

from pipeline.card.shard_statistics import ShardFacts
from pipeline.job.card import keyed_merge
from pipeline.job.card.split_counts import SplitCounts
from pipeline.recordset import vocabulary as vocabulary_lib

_TEXTS, _WORDS = "texts", "words"
# Longer captions, and images with more captions, share the last row.
_LONGEST = 64
_FREQUENT = 10
# At most so many spellings of equal captions are counted.
_SPELLINGS = 64

# What is summed for equal captions: captions, images, digests of spellings.
_Sums = tuple[int, int, tuple[int, ...]]
# (split, number)
_Bucket = tuple[str, int]


class CountCaptions(beam.PTransform):
    """(ShardFacts, one dumped vocabulary) -> (counts, most frequent).

    Counts are (split, SplitCounts), several for each split, to be added up. The
    most frequent captions are (split, [(count, text)]).
    """

    def __init__(self, num_buckets: int):
        """Keeps the number of parts in which captions and words are merged."""
        super().__init__()
        self._num_buckets = num_buckets

    def expand(self, inputs: Any) -> Any:
        """Builds the stages of this transform."""
        facts, vocabulary = inputs
        counts, texts, words = facts | "Count captions" >> beam.ParDo(
            _CountShard(self._num_buckets)
        ).with_outputs(_TEXTS, _WORDS, main="counts")
        repeats = texts | "Sum captions" >> keyed_merge.Merge(_added)
        known = (
            words
            | "Sum words" >> keyed_merge.Merge(sum)
            | "Look up words"
            >> beam.ParDo(_LookUp(), beam.pvalue.AsSingleton(vocabulary))
        )
        repeated = repeats | "Count repeats" >> beam.MapTuple(_count_repeats)
        frequent = (
            repeats
            | "Most frequent" >> beam.FlatMapTuple(_frequent)
            | beam.combiners.Top.PerKey(_FREQUENT, key=_frequency, reverse=True)
        )
        every = (counts, known, repeated) | "All counts" >> beam.Flatten()
        return every, frequent


class _CountShard(beam.DoFn):
    """ShardFacts -> (split, SplitCounts), and tables of captions and words."""

    def __init__(self, num_buckets: int):
        self._num_buckets = num_buckets

    def process(self, shard: ShardFacts) -> Iterator[Any]:
        if not shard.images:
            return
        split = shard.images[0].split
        captions = [text for image in shard.images for text in image.captions]
        texts = _normalised(captions)
        repeated_within = 0
        times: collections.Counter[str] = collections.Counter()
        holders: collections.Counter[str] = collections.Counter()
        spelt: dict[str, set[int]] = collections.defaultdict(set)
        for image in shard.images:
            own = [next(texts) for _ in image.captions]
            times.update(own)
            holders.update(set(own))
            for text, caption in zip(own, image.captions, strict=True):
                spelt[text].add(_digest(caption))
            repeated_within += len(own) - len(set(own))
        lengths: collections.Counter[int] = collections.Counter()
        words: collections.Counter[str] = collections.Counter()
        for text, count in times.items():
            parts = text.split()
            lengths[min(len(parts), _LONGEST)] += count
            for word in parts:
                words[word] += count
        sums = {
            text: (count, holders[text], _few(spelt[text]))
            for text, count in times.items()
        }
        for name, table in ((_TEXTS, sums), (_WORDS, words)):
            for bucket, part in keyed_merge.scatter(table, self._num_buckets):
                yield beam.pvalue.TaggedOutput(name, ((split, bucket), part))
        numbers = (len(image.captions) for image in shard.images)
        yield (
            split,
            SplitCounts(
                images=len(shard.images),
                blank_images=sum(image.look.blank for image in shard.images),
                captions_per_image=collections.Counter(
                    min(number, _LONGEST) for number in numbers
                ),
                caption_lengths=lengths,
                repeated_within=repeated_within,
            ),
        )


class _LookUp(beam.DoFn):
    """(bucket, word -> occurrences) -> counts of known and unknown words."""

    def __init__(self) -> None:
        self._text, self._known = "", frozenset[str]()

    def process(
        self, element: tuple[_Bucket, dict[str, int]], vocabulary: str
    ) -> Iterator[tuple[str, SplitCounts]]:
        if vocabulary != self._text:
            words = vocabulary_lib.Vocabulary.load(vocabulary).words
            self._text, self._known = vocabulary, frozenset(words)
        (split, _), table = element
        known = self._known & table.keys()
        count = sum(table.values())
        yield (
            split,
            SplitCounts(
                words=count,
                unknown_words=count - sum(table[word] for word in known),
                types=len(table),
                known_types=len(known),
            ),
        )


def _added(several: Iterable[_Sums]) -> _Sums:
    captions = images = 0
    spelt: set[int] = set()
    for count, holders, digests in several:
        captions, images = captions + count, images + holders
        spelt.update(digests)
    return captions, images, _few(spelt)


def _few(spelt: set[int]) -> tuple[int, ...]:
    return tuple(sorted(spelt)[:_SPELLINGS])


def _count_repeats(
    bucket: _Bucket, table: Mapping[str, _Sums]
) -> tuple[str, SplitCounts]:
    return bucket[0], SplitCounts(
        times=collections.Counter(
            captions for captions, _, _ in table.values()
        ),
        spellings=sum(len(spelt) for _, _, spelt in table.values()),
        shared=sum(
            captions for captions, images, _ in table.values() if images > 1
        ),
    )


def _frequent(
    bucket: _Bucket, table: Mapping[str, _Sums]
) -> Iterator[tuple[str, tuple[int, str]]]:
    repeated = [(sums[0], text) for text, sums in table.items() if sums[0] > 1]
    for pair in heapq.nsmallest(_FREQUENT, repeated, key=_frequency):
        yield bucket[0], pair


def _frequency(pair: tuple[int, str]) -> tuple[int, str]:
    """Sorts the most frequent first, then by text."""
    return -pair[0], pair[1]


def _normalised(captions: Sequence[str]) -> Iterator[str]:
    """Captions in lower case and without punctuation."""
    words = vocabulary_lib.tokenise(tf.constant(captions))
    joined = tf.strings.reduce_join(words, axis=1, separator=" ")
    return (text.decode() for text in joined.numpy())


def _digest(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")
