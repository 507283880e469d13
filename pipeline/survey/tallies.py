"""Captions and words, counted by key: the same for any bundles and order."""

import collections
import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf

from pipeline import vocabulary as vocabulary_lib
from pipeline.card.shard_facts import ShardFacts

# (split, what is counted, its value where that is a histogram)
Key = tuple[str, str, int]

_TEXTS, _WORDS = "texts", "words"
# Longer captions, and images with more of them, share the last row.
_LONGEST = 64
_FREQUENT = 10
# Of captions that differ in case and punctuation alone; more are not counted.
_SPELLINGS = 64

# Of equal captions: how many, at how many images, digests of their spellings.
_Sums = tuple[int, int, tuple[int, ...]]


class CountCaptions(beam.PTransform):
    """(ShardFacts, one dumped vocabulary) -> (tallies, most frequent).

    Tallies are (Key, count), not yet added up; the most frequent captions are
    (split, [(count, text)]).
    """

    def expand(self, inputs: Any) -> Any:
        """Pipe of labelled stages."""
        facts, vocabulary = inputs
        tallies, texts, words = facts | "Count captions" >> beam.ParDo(
            _CountShard()
        ).with_outputs(_TEXTS, _WORDS, main="tallies")
        repeats = texts | "Sum captions" >> beam.CombinePerKey(_added)
        known = (
            words
            | "Sum words" >> beam.CombinePerKey(sum)
            | "Look up words"
            >> beam.ParDo(_LookUp(), beam.pvalue.AsSingleton(vocabulary))
        )
        counted = (
            tallies,
            known,
            repeats | "Count repeats" >> beam.FlatMapTuple(_count_repeats),
        )
        frequent = (
            repeats
            | beam.Filter(lambda pair: pair[1][0] > 1)
            | beam.MapTuple(lambda key, sums: (key[0], (sums[0], key[1])))
            | beam.combiners.Top.PerKey(
                _FREQUENT, key=lambda pair: (-pair[0], pair[1]), reverse=True
            )
        )
        return counted | "All tallies" >> beam.Flatten(), frequent


class _CountShard(beam.DoFn):
    def process(self, shard: ShardFacts) -> Iterator[Any]:
        if not shard.images:
            return
        split = shard.images[0].split
        captions = [text for image in shard.images for text in image.captions]
        texts = _normalised(captions)
        tallies: collections.Counter[Key] = collections.Counter()
        times: collections.Counter[str] = collections.Counter()
        holders: collections.Counter[str] = collections.Counter()
        spelt: dict[str, set[int]] = collections.defaultdict(set)
        for image in shard.images:
            own = [next(texts) for _ in image.captions]
            times.update(own)
            holders.update(set(own))
            for text, caption in zip(own, image.captions, strict=True):
                spelt[text].add(_digest(caption))
            tallies[split, "images", 0] += 1
            tallies[split, "per image", min(len(own), _LONGEST)] += 1
            tallies[split, "within", 0] += len(own) - len(set(own))
            tallies[split, "blank", 0] += image.look.blank
        words: collections.Counter[str] = collections.Counter()
        for text, count in times.items():
            parts = text.split()
            tallies[split, "length", min(len(parts), _LONGEST)] += count
            for word in parts:
                words[word] += count
            sums = (count, holders[text], tuple(spelt[text]))
            yield beam.pvalue.TaggedOutput(_TEXTS, ((split, text), sums))
        for word, count in words.items():
            yield beam.pvalue.TaggedOutput(_WORDS, ((split, word), count))
        yield from tallies.items()


class _LookUp(beam.DoFn):
    """((split, word), occurrences) -> tallies by whether the word is known."""

    def __init__(self) -> None:
        self._text, self._known = "", frozenset[str]()

    def process(
        self, element: tuple[tuple[str, str], int], vocabulary: str
    ) -> Iterator[tuple[Key, int]]:
        if vocabulary != self._text:
            words = vocabulary_lib.Vocabulary.load(vocabulary).words
            self._text, self._known = vocabulary, frozenset(words)
        (split, word), count = element
        yield (split, "words", 0), count
        yield (split, "types", 0), 1
        if word in self._known:
            yield (split, "known types", 0), 1
        else:
            yield (split, "unknown", 0), count


def _added(several: Iterable[_Sums]) -> _Sums:
    captions = images = 0
    spelt: set[int] = set()
    for count, holders, digests in several:
        captions, images = captions + count, images + holders
        spelt.update(digests)
    return captions, images, tuple(heapq.nsmallest(_SPELLINGS, spelt))


def _count_repeats(
    key: tuple[str, str], sums: _Sums
) -> Iterator[tuple[Key, int]]:
    split, (captions, images, spelt) = key[0], sums
    yield (split, "times", captions), 1
    yield (split, "exact", 0), len(spelt)
    if images > 1:
        yield (split, "shared", 0), captions


def _normalised(captions: Sequence[str]) -> Iterator[str]:
    """Captions so that equal ones look equal: case and punctuation apart."""
    words = vocabulary_lib.tokenise(tf.constant(captions))
    joined = tf.strings.reduce_join(words, axis=1, separator=" ")
    return (text.decode() for text in joined.numpy())


def _digest(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")
