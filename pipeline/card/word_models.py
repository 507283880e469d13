"""Losses of models that see words only: a captioner has to do better.

The models are uniform, unigram, and the bigram and trigram of Kneser and Ney
1995 ('Improved backing-off for m-gram language modeling') in the interpolated
form of Chen and Goodman 1999, section 2.7, with one discount.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.card.facts import LadderFacts
from pipeline.recordset import vocabulary as vocabulary_lib

_DISCOUNT = 0.75
# The rest of a longer caption is left out.
_MOST_WORDS = 200

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def climb(
    split: str,
    counted: Sequence[Sequence[str]],
    measured: Sequence[Sequence[str]],
    vocabulary: vocabulary_lib.Vocabulary,
) -> LadderFacts | None:
    """Measures the models' losses in nats per token, END included.

    Args:
      split: the split of `measured`.
      counted: captions of each image of a sample of the train split.
      measured: captions of each image of a sample of `split`.
      vocabulary: all its tokens except PAD and START can be predicted.

    Returns:
      The losses; None if either sample has no caption.
    """
    train, test = (
        _trigrams(captions, vocabulary) for captions in (counted, measured)
    )
    if not (len(train) and len(test)):
        return None
    size = len(vocabulary)
    uniform = 1 / (size - 2)
    model = KneserNey.of(train, size)
    bigram, trigram = model.shares(test, uniform=uniform)
    unigram = vocabulary.log_unigram()[test % size]
    return LadderFacts(
        split=split,
        train_images=len(counted),
        images=len(measured),
        tokens=len(test),
        uniform=-math.log(uniform),
        unigram=-float(unigram.mean(dtype=np.float64)),
        bigram=-float(np.log(bigram).mean()),
        trigram=-float(np.log(trigram).mean()),
    )


@dataclasses.dataclass(frozen=True)
class _Order:
    """Counts of n-grams of one order.

    An n-gram is stored as one number to the base `size`: its tokens are the
    digits, and its last token is the last digit.

    Attributes:
      ngrams: int64 [different], the n-grams that occur, ascending.
      counts: int64 [different], how often each occurs.
      size: number of tokens in the vocabulary.
    """

    ngrams: Integers
    counts: Integers
    size: int

    @classmethod
    def of(cls, ngrams: Integers, size: int) -> "_Order":
        """Counts n-grams, int64 [n] in any order."""
        kinds, counts = np.unique(ngrams, return_counts=True)
        return cls(kinds, counts, size)

    def share(self, ngrams: Integers, lower: Floats) -> Floats:
        """Computes the probability of each n-gram's last word after the others.

        Args:
          ngrams: int64 [n].
          lower: float64 [n], the word's probability after one word fewer.

        Returns:
          float64 [n].
        """
        contexts, starts = np.unique(
            self.ngrams // self.size, return_index=True
        )
        sums = np.add.reduceat(self.counts, starts)
        kinds = np.diff(np.append(starts, len(self.ngrams)))
        own = _found(self.ngrams, self.counts, ngrams)
        total = _found(contexts, sums, ngrams // self.size)
        spared = _DISCOUNT * _found(contexts, kinds, ngrams // self.size)
        share = np.maximum(own - _DISCOUNT, 0) + spared * lower
        return np.where(total > 0, share / np.maximum(total, 1), lower)


@dataclasses.dataclass(frozen=True)
class KneserNey:
    """A trigram model and a bigram model.

    The highest order of a model counts how often an n-gram occurs. A lower
    order counts after how many different words it occurs.

    Attributes:
      triples: how often trigrams occur.
      pairs: how often bigrams occur, the bigram model's highest order.
      middle: after how many different words bigrams occur.
      single: after how many different words single words occur.
    """

    triples: _Order
    pairs: _Order
    middle: _Order
    single: _Order

    @classmethod
    def of(cls, trigrams: Integers, size: int) -> "KneserNey":
        """Counts a text's trigrams.

        Args:
          trigrams: int64 [n], each as a number to the base `size`.
          size: number of tokens in the vocabulary.
        """
        pairs = trigrams % size**2
        return cls(
            triples=_Order.of(trigrams, size),
            pairs=_Order.of(pairs, size),
            middle=_Order.of(np.unique(trigrams) % size**2, size),
            single=_Order.of(np.unique(pairs) % size, size),
        )

    def shares(
        self, trigrams: Integers, *, uniform: float
    ) -> tuple[Floats, Floats]:
        """Computes the probability of each trigram's last word.

        Args:
          trigrams: int64 [n], each as a number to the base `size`.
          uniform: probability of a word that was never counted.

        Returns:
          The probabilities after one word and after two, each float64 [n].
        """
        size = self.triples.size
        pairs, words = trigrams % size**2, trigrams % size
        unigram = self.single.share(words, np.full(len(words), uniform))
        middle = self.middle.share(pairs, unigram)
        return self.pairs.share(pairs, unigram), self.triples.share(
            trigrams, middle
        )


def _found(keys: Integers, values: Integers, wanted: Integers) -> Integers:
    """Returns the value of each wanted key; 0 for one that is missing."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)


def _trigrams(
    captions: Sequence[Sequence[str]], vocabulary: vocabulary_lib.Vocabulary
) -> Integers:
    """Returns each token to predict and the two before it as one number."""
    flat = [text for group in captions for text in group]
    if not flat:
        return np.zeros(0, np.int64)
    ids = vocabulary.encode(flat, _MOST_WORDS).numpy()
    size, real = len(vocabulary), ids != vocabulary_lib.PAD
    longest = np.count_nonzero(real.any(axis=0))
    ids, real = ids[:, :longest].astype(np.int64), real[:, :longest]
    padded = np.pad(ids, ((0, 0), (2, 0)), constant_values=vocabulary_lib.START)
    before, previous = padded[:, :-2], padded[:, 1:-1]
    return ((before * size + previous) * size + ids)[real]
