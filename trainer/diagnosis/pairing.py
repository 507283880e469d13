"""Whether captions belong to their images, by the records alone.

Images that look alike should have captions that are alike. Each image is given
the captions of the image that looks most like it, and the likeness to its own
captions is compared with what it would be if the images were permuted. It falls
as the square of the share of true pairs: both captions have to be right.
"""

import dataclasses
import functools
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.card import baselines, wrong_pairs
from pipeline.scoring import ptb_tokens

Floats = NDArray[np.float64]

# Captions that moved by more places than this are as good as shuffled.
MOST_LAG = 4


@dataclasses.dataclass(frozen=True)
class Sample:
    """Images of a split, with what is compared.

    Attributes:
      image_ids: of the images.
      captions: of each image.
      pooled: float32 [images, depth], the mean of each grid over its places.
    """

    image_ids: Sequence[str]
    captions: Sequence[Sequence[str]]
    pooled: NDArray[np.float32]

    @functools.cached_property
    def words(self) -> list[list[list[str]]]:
        """The words of each caption of each image, as they are scored."""
        return [list(map(ptb_tokens.ptb_tokens, row)) for row in self.captions]

    @functools.cached_property
    def cosines(self) -> Floats:
        """Likeness of the images' centred features, float64 [images, images].

        An image is like none to itself: -inf.
        """
        centred = self.pooled.astype(np.float64) - self.pooled.mean(axis=0)
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        unit = centred / np.maximum(lengths, 1e-12)
        cosines: Floats = unit @ unit.T
        np.fill_diagonal(cosines, -np.inf)
        return cosines


@dataclasses.dataclass(frozen=True)
class Pairing:
    """How well captions fit their images.

    Attributes:
      z: how many standard deviations more alike captions of like images are
        than with the images permuted.
      lags: shift k -> z where each image gets the captions of the image that
        follows it by k, in the order of the ids.
    """

    z: float
    lags: dict[int, float]

    @property
    def best_lag(self) -> int:
        """The shift other than 0 at which captions fit best."""
        return max(self.lags, key=lambda lag: self.lags[lag])


def measure(sample: Sample) -> Pairing:
    """Tests the pairs as they are, and shifted in the order of the ids."""
    order = sorted(
        range(len(sample.image_ids)),
        key=lambda place: _natural(sample.image_ids[place]),
    )
    words = wrong_pairs.weigh([sample.words[place] for place in order])
    nearest = sample.cosines[np.ix_(order, order)].argmax(axis=1)
    likeness = words @ words.T
    zs = {
        lag: _z(np.roll(likeness, (-lag, -lag), (0, 1)), nearest)
        for lag in range(-MOST_LAG, MOST_LAG + 1)
    }
    return Pairing(zs.pop(0), zs)


def _z(likeness: Floats, nearest: NDArray[np.int64]) -> float:
    return baselines.pairing(likeness[:, nearest]).z


def _natural(text: str) -> list[tuple[int, int | str]]:
    """A key by which `a-9` comes before `a-10`."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(p)) if p.isdigit() else (1, p) for p in parts]
