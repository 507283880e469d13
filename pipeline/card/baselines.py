"""What captions score that no model made; and whether pairs belong together.

The pairing test: each image gets a caption of the train image that looks most
like it. The mean CIDEr-D of these is compared with what it would be if the
images were permuted; mean and variance over all permutations are exact
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

# Train images that constant captions come from, and that they are rated on.
_TRIED_IMAGES, _RATED_IMAGES = 400, 300
# Of a CIDEr-D between 0 and 10: below it is rounding.
_NOTHING = 1e-9
# Units of a cosine's vectors: a product of two has 40 bits.
_ONE = 1 << 20


@dataclasses.dataclass(frozen=True)
class Described:
    """An image of a sample.

    Attributes:
      captions: of the image, one at least.
      pooled: float32 [depth], the mean of its grid over locations.
    """

    captions: tuple[str, ...]
    pooled: np.ndarray


def measure(
    split: str, scored: Sequence[Described], train: Sequence[Described]
) -> FloorFacts | None:
    """Scores captions of `train` for the images of `scored`.

    Args:
      split: that `scored` comes from.
      scored: a sample.
      train: another sample, of the train split.

    Returns:
      None where either has fewer than two images.
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
    """A mean over true pairs, and what it is over permuted ones."""

    true: float
    permuted: float
    deviation: float

    @property
    def z(self) -> float:
        """Standard deviations between them; 0 where all pairs are alike."""
        if self.deviation < _NOTHING:
            return 0.0
        return (self.true - self.permuted) / self.deviation


def pairing(scores: Floats) -> Pairing:
    """Compares the diagonal of [images, images] with its permutations."""
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
    """For each image the place of the train image with the largest cosine."""
    # BLAS sums in the order of its threads: integers, which float64 holds up to
    # 2^53, come out the same in any.
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
    """CIDEr-D of each image's first caption against its others."""
    several = [group for group in references if len(group) > 1]
    if len(several) < 2:
        return None
    others = ReferenceIndex.from_references([group[1:] for group in several])
    return _mean(others.scores([group[0] for group in several]))


def _mean(values: Floats) -> float:
    return math.fsum(values.tolist()) / len(values)
