"""CIDEr-D (Vedantam et al. 2015), fast for many captions of the same images.

    index = ReferenceIndex.from_references(references)
    CiderD.from_captions(captions, index).compute()

CIDEr-D weighs words by how many images mention them, so the images of all
hosts have to be counted first: merge `DocumentFrequencies`, then pass the sum
to each `ReferenceIndex`.
"""

import collections
import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import (
    ORDERS,
    Ngram,
    Tokens,
    check_aligned,
    ngram_counts,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SIGMA = 6.0


@dataclasses.dataclass(frozen=True)
class CiderD:
    """CIDEr-D of each image, and its mean over the images.

    Attributes:
      scores: one score per image, 0 to 10, in the order of the captions.
    """

    scores: tuple[float, ...] = ()

    @classmethod
    def empty(cls) -> Self:
        """Returns the score of no captions, neutral under `merge`."""
        return cls()

    @classmethod
    def from_captions(
        cls, captions: Sequence[Tokens], index: "ReferenceIndex"
    ) -> Self:
        """Scores one caption for each image of the index, in its order."""
        return cls(tuple(index.scores(captions).tolist()))

    def merge(self, other: "CiderD") -> "CiderD":
        """Returns the score of both sets of captions together."""
        return CiderD(self.scores + other.scores)

    def compute(self) -> float:
        """Returns the mean score, 0 to 10; papers print it times 100.

        Raises:
          ValueError: nothing was scored.
        """
        if not self.scores:
            raise ValueError("CIDEr-D of no captions is undefined.")
        return math.fsum(self.scores) / len(self.scores)


@dataclasses.dataclass(frozen=True)
class DocumentFrequencies:
    """In how many images' references each n-gram occurs; mergeable.

    Attributes:
      counts: images whose references hold the n-gram.
      images: images counted.
    """

    counts: Mapping[Ngram, int] = dataclasses.field(default_factory=dict)
    images: int = 0

    @classmethod
    def from_references(cls, references: Sequence[Sequence[Tokens]]) -> Self:
        """Counts each n-gram once per image."""
        counts: collections.Counter[Ngram] = collections.Counter()
        for group in references:
            counts.update(set().union(*map(ngram_counts, group)))
        return cls(counts, len(references))

    def merge(self, other: "DocumentFrequencies") -> "DocumentFrequencies":
        """Returns the frequencies over both sets of images."""
        counts = collections.Counter(self.counts)
        counts.update(other.counts)
        return DocumentFrequencies(counts, self.images + other.images)

    def weights(self, caption: Tokens) -> dict[Ngram, float]:
        """Returns the TF-IDF weight of each n-gram of a caption, in nats."""
        images, counts = math.log(max(self.images, 1)), self.counts
        return {
            ngram: count * (images - math.log(counts.get(ngram, 1)))
            for ngram, count in ngram_counts(caption).items()
        }


@dataclasses.dataclass(frozen=True)
class ReferenceIndex:
    """Finds references by their n-grams, so that many captions score fast.

    CIDEr-D is Vedantam et al. 2015 (arXiv:1411.5726), section 8: the mean over
    n and references of the cosine of TF-IDF vectors of n-grams, the caption's
    weights clipped at the reference's, times exp(-(l - l')^2 / (2 sigma^2)),
    times 10. As in pycocoevalcap, l counts pairs of words and sigma is 6.

    Attributes:
      frequencies: the counts that the weights of n-grams come from.
      terms: n-gram -> its row in `starts`.
      starts: int64 [terms + 1]; a term owns a span of the next two arrays.
      holders: int64 [postings], the references that hold it, ascending.
      weights: float64 [postings], its weight in each of them.
      norms: float64 [ORDERS, references], lengths of the weight vectors.
      pairs: float64 [references], pairs of neighbouring words.
      bounds: int64 [images + 1]; image i owns bounds[i] to bounds[i + 1].
    """

    frequencies: DocumentFrequencies
    terms: Mapping[Ngram, int]
    starts: Integers
    holders: Integers
    weights: Floats
    norms: Floats
    pairs: Floats
    bounds: Integers

    @classmethod
    def from_references(
        cls,
        references: Sequence[Sequence[Tokens]],
        frequencies: DocumentFrequencies | None = None,
    ) -> Self:
        """Indexes the references of some images.

        Args:
          references: each image's captions as words.
          frequencies: for the weights of n-grams; None for those of the
            references themselves.

        Raises:
          ValueError: an image has no references.
        """
        if not all(references):
            raise ValueError("An image has no reference captions.")
        if frequencies is None:
            frequencies = DocumentFrequencies.from_references(references)
        captions = list(itertools.chain.from_iterable(references))
        terms: dict[Ngram, int] = {}
        rows: list[int] = []
        holders: list[int] = []
        weights: list[float] = []
        norms = np.zeros((ORDERS, len(captions)))
        for number, caption in enumerate(captions):
            vector = frequencies.weights(caption)
            norms[:, number] = _norms(vector)
            rows += [terms.setdefault(ngram, len(terms)) for ngram in vector]
            weights += vector.values()
            holders += [number] * len(vector)
        row_of = np.array(rows, np.int64)
        by_term = np.argsort(row_of, kind="stable")
        return cls(
            frequencies,
            terms,
            np.cumsum(np.bincount(row_of + 1, minlength=len(terms) + 1)),
            np.array(holders, np.int64)[by_term],
            np.array(weights, np.float64)[by_term],
            norms,
            _pairs(captions),
            np.cumsum([0, *map(len, references)]),
        )

    def scores(self, captions: Sequence[Tokens]) -> Floats:
        """Returns CIDEr-D of one caption per image, float64 [images].

        Raises:
          ValueError: there are not as many captions as images.
        """
        check_aligned(len(captions), len(self.bounds) - 1)
        spans = itertools.pairwise(self.bounds.tolist())
        return np.array(
            [
                self._similarities(caption, start, stop).mean()
                for caption, (start, stop) in zip(captions, spans, strict=True)
            ]
        )

    def scores_everywhere(self, caption: Tokens) -> Floats:
        """Returns CIDEr-D of one caption for every image, float64 [images]."""
        every = self._similarities(caption, 0, len(self.pairs))
        return np.add.reduceat(every, self.bounds[:-1]) / np.diff(self.bounds)

    def _similarities(self, caption: Tokens, start: int, stop: int) -> Floats:
        """CIDEr-D with each of a span of references, float64 [references]."""
        weights = self.frequencies.weights(caption)
        known = [ngram for ngram in weights if ngram in self.terms]
        products = np.zeros((ORDERS, stop - start))
        if known:
            postings = [self._posting(ngram, start, stop) for ngram in known]
            sizes = [len(holders) for holders, _ in postings]
            holders, held = map(np.concatenate, zip(*postings, strict=True))
            own = np.repeat([weights[ngram] for ngram in known], sizes)
            rows = np.repeat([len(ngram) - 1 for ngram in known], sizes)
            products += np.bincount(
                rows * (stop - start) + holders - start,
                np.minimum(own, held) * held,
                minlength=products.size,
            ).reshape(products.shape)
        scale = _norms(weights)[:, None] * self.norms[:, start:stop]
        cosines = products / np.where(scale > 0, scale, 1)
        excess = _pairs([caption]) - self.pairs[start:stop]
        penalty = np.exp(-(excess**2) / (2 * _SIGMA**2))
        return 10 * penalty * cosines.mean(axis=0)

    def _posting(
        self, ngram: Ngram, start: int, stop: int
    ) -> tuple[Integers, Floats]:
        """Which of a span of references hold an n-gram, and its weights."""
        term = self.terms[ngram]
        first, last = self.starts[term], self.starts[term + 1]
        if stop - start < len(self.pairs):
            within = self.holders[first:last].searchsorted((start, stop))
            first, last = first + within
        return self.holders[first:last], self.weights[first:last]


def _norms(weights: Mapping[Ngram, float]) -> Floats:
    """Length of the weight vector of each order, float64 [ORDERS]."""
    squares = [0.0] * ORDERS
    for ngram, weight in weights.items():
        squares[len(ngram) - 1] += weight**2
    return np.sqrt(squares)


def _pairs(captions: Iterable[Tokens]) -> Floats:
    """Pairs of neighbouring words in each caption, float64 [captions]."""
    pairs = [max(len(caption) - 1, 0) for caption in captions]
    return np.array(pairs, np.float64)


@dataclasses.dataclass(frozen=True)
class CiderDMetric:
    """CIDEr-D as a metric, with the references' own document frequencies."""

    name: str = dataclasses.field(default="cider_d", init=False)
    label: str = dataclasses.field(default="CIDEr-D", init=False)
    definition: str = dataclasses.field(
        default="Likeness to the references in which rare words count more; "
        "0 to 10, which papers print times 100 (Vedantam et al. 2015).",
        init=False,
    )
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: References) -> "CiderDScorer":
        """Indexes the references once."""
        return CiderDScorer(ReferenceIndex.from_references(references.words))


@dataclasses.dataclass(frozen=True)
class CiderDScorer:
    """CIDEr-D against indexed references; papers print 0.45 as 45.

    Attributes:
      index: of the references.
    """

    index: ReferenceIndex

    def corpus(self, captions: Sequence[Tokens]) -> float:
        """The mean score of the images, 0 to 10."""
        return float(self.index.scores(captions).mean())

    def each(self, captions: Sequence[Tokens]) -> list[float]:
        """The score of each image, 0 to 10."""
        return [float(score) for score in self.index.scores(captions)]
