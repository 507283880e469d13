"""Scores of captions that need no model; whether captions fit their images.

The pairing test: each image gets a caption of the train image that looks most
like it. The mean CIDEr-D of these captions is compared with what it would be if
the images were permuted. Its mean and variance over all permutations are exact
(Hoeffding 1951, 'A combinatorial central limit theorem', theorem 2).
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.card.facts import FloorFacts
from pipeline.scoring.cider import ReferenceIndex
from pipeline.scoring.constant_caption import best_constant_caption
from pipeline.scoring.ptb_tokens import ptb_tokens

Floats = NDArray[np.float64]

# From how many train images a constant caption is chosen, and on how many it is
# scored for that.
_TRIED_IMAGES, _RATED_IMAGES = 400, 300
# A CIDEr-D, 0 to 10, below this is a rounding error.
_NOTHING = 1e-9
# The length 1 of a vector in integer units; a product of two has 40 bits.
_ONE = 1 << 20


@dataclasses.dataclass(frozen=True)
class Described:
    """An image of a sample.

    Attributes:
      captions: at least one.
      pooled: float32 [depth], the mean of the image's grid over locations.
    """

    captions: tuple[str, ...]
    pooled: np.ndarray


def measure(
    split: str, scored: Sequence[Described], train: Sequence[Described]
) -> FloorFacts | None:
    """Scores captions of `train` for the images of `scored`.

    Args:
      split: the split of `scored`.
      scored: a sample of images that are given captions.
      train: a sample of the train split, whose captions are given.

    Returns:
      The scores; None if either sample has fewer than two images.
    """
    if len(scored) < 2 or len(train) < 2:
        return None
    references = [list(map(ptb_tokens, each.captions)) for each in scored]
    tried = [list(map(ptb_tokens, i.captions)) for i in train[:_TRIED_IMAGES]]
    index = ReferenceIndex.from_references(references)
    constant = best_constant_caption(
        [caption for group in tried for caption in group],
        tried,
        seed=0,
        images=_RATED_IMAGES,
    )
    nearest = _nearest(scored, train)
    rows = {
        place: index.scores_everywhere(ptb_tokens(train[place].captions[0]))
        for place in set(nearest)
    }
    test = pairing(np.stack([rows[place] for place in nearest]))
    return FloorFacts(
        split=split,
        images=len(scored),
        train_images=len(train),
        constant_caption=" ".join(constant),
        constant=_mean(index.scores_everywhere(constant)),
        nearest=test.true,
        permuted=test.permuted,
        permuted_deviation=test.deviation,
        pairing_z=test.z,
        human=_human(references),
    )


@dataclasses.dataclass(frozen=True)
class Pairing:
    """The mean score of the true pairs, and that of permuted pairs.

    Attributes:
      true: mean over the true pairs.
      permuted: mean of that mean over all permutations.
      deviation: its standard deviation over all permutations.
    """

    true: float
    permuted: float
    deviation: float

    @property
    def z(self) -> float:
        """How many standard deviations apart; 0 if all pairs score alike."""
        if self.deviation < _NOTHING:
            return 0.0
        return (self.true - self.permuted) / self.deviation


def pairing(scores: Floats) -> Pairing:
    """Compares the true pairs' mean score with that of permuted pairs.

    Args:
      scores: float64 [images, images]; true pairs are on the diagonal.
    """
    count = len(scores)
    mean = scores.mean()
    centred = scores - scores.mean(0) - scores.mean(1)[:, None] + mean
    variance = np.square(centred).sum() / (count - 1) / count**2
    return Pairing(
        _mean(scores.diagonal()), float(mean), math.sqrt(float(variance))
    )


def _nearest(
    scored: Sequence[Described], train: Sequence[Described]
) -> list[int]:
    """Returns, for each image, the position of the most similar train image.

    Similarity is the cosine of the pooled features.
    """
    # The order of BLAS's sums depends on its threads. Sums of integers below
    # 2^53, which float64 holds exactly, do not depend on the order.
    ours, theirs = (
        np.rint([_unit(each.pooled) * _ONE for each in group]).astype(float)
        for group in (scored, train)
    )
    cosines = ours @ theirs.T
    return [int(place) for place in cosines.argmax(axis=1)]


def _unit(pooled: np.ndarray) -> np.ndarray:
    length = math.sqrt(float(np.einsum("d,d->", pooled, pooled)))
    return pooled / length if length else pooled


def _human(references: Sequence[Sequence[list[str]]]) -> float | None:
    """Mean CIDEr-D of each image's first caption against its other ones."""
    several = [group for group in references if len(group) > 1]
    if len(several) < 2:
        return None
    others = ReferenceIndex.from_references([group[1:] for group in several])
    return _mean(others.scores([group[0] for group in several]))


def _mean(values: Floats) -> float:
    return math.fsum(values.tolist()) / len(values)
