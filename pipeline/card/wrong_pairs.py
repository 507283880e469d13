"""What share of the pairs is wrong, and which, before anything is trained.

From an image's features the words of its captions are predicted, by a ridge
regression that has not seen the image. The prediction is compared with the
captions of other images. Of captions that were dealt out at random, the own
ones rank anywhere among these with equal chance; captions that tell of the
image rank first. So the ranks are p-values of 'this pair is wrong', and those
beyond a lambda, over 1 - lambda, estimate the share of wrong pairs (Storey
2002, 'A direct approach to false discovery rates', section 2).
Features that tell nothing of the captions look the same as wrong pairs.
"""

import collections
import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.card.baselines import Described
from pipeline.card.facts import PairFacts
from pipeline.scoring import wilson
from pipeline.scoring.ptb_tokens import ptb_tokens

Floats = NDArray[np.float64]
Words = Sequence[str]

# With fewer images, nothing can be predicted.
LEAST_IMAGES = 100
_FOLDS = 5
# Of the mean eigenvalue of the features' products.
_RIDGE = 10.0
# Captions that more images share say nothing of one of them.
_SHARED = 0.05
# Two products whose difference is smaller differ by rounding.
_DIGITS = 9
# How many of the pairs that are listed should be wrong.
_PRECISION = 0.8
# Of sound pairs with features that tell little, so many seem wrong.
SOUND = 0.03


@dataclasses.dataclass(frozen=True)
class Ranks:
    """Where each image's own captions stand among those of others.

    Attributes:
      places: int64 [judged], of the images that could be judged.
      worse: float64 [judged], share of the other images' captions that fit the
        image better than its own; 0 to 1.
    """

    places: NDArray[np.int64]
    worse: Floats

    def facts(self) -> PairFacts | None:
        """The share of wrong pairs; None of too few images."""
        count = len(self.worse)
        if count < LEAST_IMAGES:
            return None
        limit = self._limit()
        tied = (self.worse == limit).mean() / 2
        behind = float((self.worse > limit).mean() + tied)
        low, high = wilson.interval(behind, count)
        share, low, high = (
            min(each / (1 - limit), 1.0) for each in (behind, low, high)
        )
        return PairFacts(count, share, low, high)

    def _limit(self) -> float:
        """The lambda above which ranks are as uniform as those of wrong pairs.

        What stands more in the nearer half of the rest are sound pairs that
        the features tell little of.
        """
        for limit in (0.5, 0.75):
            middle = (1 + limit) / 2
            near = int(((self.worse > limit) & (self.worse <= middle)).sum())
            far = int((self.worse > middle).sum())
            if near - far <= math.sqrt(near + far):
                return limit
        return 0.875

    def suspicious(self) -> list[tuple[int, float]]:
        """Images of which at least four in five have wrong pairs.

        As many as that allows. Of wrong pairs, a share of 1 - t ranks above t.

        Returns:
          Each image's place and the share of captions that fit it better.
        """
        facts = self.facts()
        if not facts or are_sound(facts):
            return []
        for least in np.arange(0.05, 1.0, 0.05):
            listed = self.worse > least
            if facts.wrong * (1 - least) >= _PRECISION * listed.mean():
                break
        return [
            (int(place), float(worse))
            for place, worse in zip(
                self.places[listed], self.worse[listed], strict=True
            )
        ]


def are_sound(facts: PairFacts | None) -> bool:
    """Whether nothing speaks for wrong pairs."""
    return facts is None or facts.low < SOUND


def measure(images: Sequence[Described]) -> PairFacts | None:
    """Estimates the share of wrong pairs; None of too few images."""
    if len(images) < LEAST_IMAGES:
        return None
    captions = [list(map(ptb_tokens, each.captions)) for each in images]
    return rank(captions, np.stack([each.pooled for each in images])).facts()


def rank(captions: Sequence[Sequence[Words]], pooled: np.ndarray) -> Ranks:
    """Ranks the captions of images among those of the others.

    Args:
      captions: the words of each caption of each image, an image at least.
      pooled: float32 [images, depth], the mean of each grid over its places.
    """
    telling = _telling(captions)
    places = np.array([n for n, each in enumerate(telling) if each], np.int64)
    if len(places) < LEAST_IMAGES:
        return Ranks(places[:0], np.zeros(0))
    words = weigh([telling[place] for place in places])
    features = _standardised(pooled[places])
    folds = np.arange(len(places)) % _FOLDS
    worse = np.empty(len(places))
    for fold in range(_FOLDS):
        held = folds == fold
        predicted = _predict(features[~held], words[~held], features[held])
        worse[held] = _worse(predicted @ words[held].T)
    return Ranks(places, worse)


def _telling(captions: Sequence[Sequence[Words]]) -> list[list[Words]]:
    """Captions without those that many images share."""
    counts = collections.Counter(
        text for row in captions for text in {tuple(words) for words in row}
    )
    most = max(2, _SHARED * len(captions))
    return [
        [words for words in row if words and counts[tuple(words)] <= most]
        for row in captions
    ]


def weigh(captions: Sequence[Sequence[Words]]) -> Floats:
    """The words of each image, weighed by rarity, at length 1.

    Args:
      captions: the words of each caption of each image.

    Returns:
      float64 [images, words].
    """
    tokens = [list(itertools.chain(*texts)) for texts in captions]
    places = {
        word: n for n, word in enumerate(sorted({*itertools.chain(*tokens)}))
    }
    counts = np.zeros((len(tokens), max(len(places), 1)))
    for row, words in zip(counts, tokens, strict=True):
        np.add.at(row, [places[word] for word in words], 1.0)
    rarity = np.log(len(tokens) / np.maximum((counts > 0).sum(axis=0), 1))
    weighed = counts * rarity
    lengths = np.linalg.norm(weighed, axis=1, keepdims=True)
    return weighed / np.maximum(lengths, 1e-12)


def _standardised(pooled: np.ndarray) -> Floats:
    centred = pooled.astype(np.float64) - pooled.mean(axis=0, dtype=np.float64)
    scale = np.maximum(centred.std(axis=0), 1e-6)
    return centred / scale / math.sqrt(pooled.shape[1])


def _predict(features: Floats, words: Floats, others: Floats) -> Floats:
    """Ridge regression in its dual form: float64 [others, words]."""
    products = features @ features.T
    np.fill_diagonal(products, products.diagonal() + _RIDGE)
    weights = np.linalg.solve(products, words - words.mean(axis=0))
    return others @ features.T @ weights


def _worse(fits: Floats) -> Floats:
    """Share of other captions that fit better, of equal ones a half.

    Args:
      fits: float64 [images, captions], the own caption on the diagonal.
    """
    # Some captions fit every image; that is none of the image's doing.
    fits = np.round(fits - fits.mean(axis=0), _DIGITS)
    own = fits.diagonal()[:, None]
    better = (fits > own).sum(axis=1) + 0.5 * ((fits == own).sum(axis=1) - 1)
    return np.array(better / (len(fits) - 1))
