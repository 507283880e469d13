"""CIDEr-D and CIDEr (Vedantam et al. 2015), fast for many captions.

    index = ReferenceIndex.from_references(references)
    index.scores(captions)

Both weigh words by how many images mention them: by default, the images that
are scored.
"""

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Self

import numpy as np

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import ORDERS, Floats, Ngrams, Tokens
from pipeline.scoring.ratio import RatioScorer, mean_of
from pipeline.scoring.reference_ngrams import Match, ReferenceNgrams, spans

_SIGMA = 6.0


@dataclasses.dataclass(frozen=True)
class DocumentFrequencies:
    """In how many images' references each n-gram occurs.

    Attributes:
      references: whose n-grams are counted.
    """

    references: ReferenceNgrams

    @classmethod
    def from_references(cls, references: Sequence[Sequence[Tokens]]) -> Self:
        """Counts each n-gram once per image."""
        return cls(ReferenceNgrams.of(references))

    def rarity(self, ngrams: Ngrams) -> Floats:
        """Returns the log of images over images with it, in nats [n-grams]."""
        numbers = ngrams.numbers_in(self.references.ngrams)
        counts = np.append(self.references.image_counts, 1)[numbers]
        return math.log(max(self.references.images, 1)) - np.log(counts)


@dataclasses.dataclass(frozen=True)
class ReferenceIndex:
    """Weighs references by their n-grams, so that many captions score fast.

    CIDEr-D is Vedantam et al. 2015 (arXiv:1411.5726), section 8: the mean over
    n and references of the cosine of TF-IDF vectors of n-grams, the caption's
    weights clipped at the reference's, times exp(-(l - l')^2 / (2 sigma^2)),
    times 10. As in pycocoevalcap, l counts pairs of words and sigma is 6. CIDEr
    clips nothing and asks for no length.

    Attributes:
      table: the references' n-grams.
      frequencies: the counts that the weights of n-grams come from.
      clipped: whether it is CIDEr-D.
    """

    table: ReferenceNgrams
    frequencies: DocumentFrequencies
    clipped: bool = True

    @classmethod
    def from_references(
        cls,
        references: Sequence[Sequence[Tokens]],
        frequencies: DocumentFrequencies | None = None,
    ) -> Self:
        """Indexes the references of some images for CIDEr-D.

        Args:
          references: each image's captions as words.
          frequencies: for the weights of n-grams; None for those of the
            references themselves.

        Raises:
          ValueError: an image has no references.
        """
        table = ReferenceNgrams.of(references)
        return cls(table, frequencies or DocumentFrequencies(table))

    @functools.cached_property
    def weights(self) -> Floats:
        """The weight of each count, by image and n-gram, float64 [entries]."""
        return self._weights(self.table.ngrams)[self.table.order]

    @functools.cached_property
    def norms(self) -> Floats:
        """Lengths of the weight vectors, float64 [ORDERS, references]."""
        ngrams = self.table.ngrams
        return _norms(ngrams, self._weights(ngrams))

    def scores(self, captions: Sequence[Tokens]) -> Floats:
        """Scores one caption per image, float64 [images], 0 to 10.

        Raises:
          ValueError: there are not as many captions as images.
        """
        return self._means(self.table.match(captions), self.table.owners)

    def scores_everywhere(self, caption: Tokens) -> Floats:
        """Scores one caption for every image, float64 [images], 0 to 10."""
        alone = np.zeros_like(self.table.owners)
        return self._means(self.table.match_everywhere(caption), alone)

    def _weights(self, ngrams: Ngrams) -> Floats:
        """The TF-IDF weight of each count, float64 [entries]."""
        rarity = self.frequencies.rarity(ngrams)
        return ngrams.times * rarity[ngrams.ngrams]

    def _means(self, match: Match, said: np.ndarray) -> Floats:
        """Means of an image's references, of each of which `said` is told."""
        own, table = match.own, self.table
        weights = self._weights(own)
        scale = _norms(own, weights)[:, said] * self.norms
        products = self._products(match, weights)
        similar = (products / np.where(scale > 0, scale, 1)).mean(axis=0)
        if self.clipped:
            pairs, theirs = (
                np.maximum(each.lengths - 1, 0) for each in (own, table.ngrams)
            )
            excess = pairs[said] - theirs
            similar *= np.exp(-(excess**2) / (2 * _SIGMA**2))
        sums = np.add.reduceat(similar, table.bounds[:-1])
        return 10 * sums / np.diff(table.bounds)

    def _products(self, match: Match, weights: Floats) -> Floats:
        """Products of the vectors, float64 [ORDERS, references]."""
        own, table, runs = match.own, self.table, match.runs
        which, places = spans(table.starts[runs], table.starts[runs + 1])
        entries = match.entries[which]
        held, said = self.weights[places], weights[entries]
        holders = table.ngrams.captions[table.order[places]]
        rows = own.orders[own.ngrams[entries]] * len(table.owners)
        counted = np.minimum(said, held) if self.clipped else said
        products: Floats = np.bincount(
            rows + holders, counted * held, minlength=ORDERS * len(table.owners)
        ).astype(np.float64)
        return products.reshape(ORDERS, -1)


def _norms(ngrams: Ngrams, weights: Floats) -> Floats:
    """Lengths of the weight vectors, float64 [ORDERS, captions]."""
    size = len(ngrams.lengths)
    rows = ngrams.orders[ngrams.ngrams] * size + ngrams.captions
    squares = np.bincount(rows, weights**2, minlength=ORDERS * size)
    return np.sqrt(squares).reshape(ORDERS, size)


@dataclasses.dataclass(frozen=True)
class CiderDMetric:
    """CIDEr-D, with the references' own document frequencies."""

    name: str = dataclasses.field(default="cider_d", init=False)
    label: str = dataclasses.field(default="CIDEr-D", init=False)
    definition: str = dataclasses.field(
        default="Likeness to the references in which rare words count more; "
        "0 to 10, which papers print times 100 (Vedantam et al. 2015).",
        init=False,
    )
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: References) -> RatioScorer:
        """Weighs the references once; papers print 0.45 as 45."""
        return _scorer(references, clipped=True)


@dataclasses.dataclass(frozen=True)
class CiderMetric:
    """CIDEr as first published, which rewards captions that repeat words."""

    name: str = dataclasses.field(default="cider", init=False)
    label: str = dataclasses.field(default="CIDEr", init=False)
    definition: str = dataclasses.field(
        default="CIDEr-D without its guards against repeated words and odd "
        "lengths, and without stemming; 0 to 10. What papers call CIDEr is "
        "mostly CIDEr-D (Vedantam et al. 2015).",
        init=False,
    )
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: References) -> RatioScorer:
        """Weighs the references once."""
        return _scorer(references, clipped=False)


def _scorer(references: References, *, clipped: bool) -> RatioScorer:
    table = references.ngrams
    index = ReferenceIndex(table, DocumentFrequencies(table), clipped)
    return RatioScorer(mean_of(index.scores))
