"""Scores that are one sum over the images divided by another, such as means."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from pipeline.scoring.ngrams import Floats, Tokens

Captions = Sequence[Tokens]


@dataclasses.dataclass(frozen=True)
class RatioScorer:
    """A sum over the images divided by another; 0 where there is nothing.

    Attributes:
      parts: captions -> float64 [images, 2], what each image adds to the upper
        and to the lower sum.
    """

    parts: Callable[[Captions], Floats]

    def corpus(self, captions: Captions) -> float:
        """The ratio of all captions together."""
        return float(self.value(self.statistics(captions).sum(axis=0)))

    def each(self, captions: Captions) -> list[float]:
        """The ratio of each caption by itself."""
        return [float(each) for each in self.value(self.statistics(captions))]

    def statistics(self, captions: Captions) -> Floats:
        """What adds up over images, float64 [images, 2]."""
        return self.parts(captions)

    def value(self, sums: Floats) -> Floats:
        """The ratio of sums [..., 2], float64 [...]."""
        upper, lower = sums[..., 0], sums[..., 1]
        return np.divide(upper, lower, np.zeros_like(upper), where=lower != 0)


def mean_of(
    score: Callable[[Captions], Sequence[float] | Floats],
) -> Callable[[Captions], Floats]:
    """Makes the parts of a mean from a score of each image's caption."""

    def parts(captions: Captions) -> Floats:
        values = np.asarray(score(captions), np.float64)
        return np.column_stack([values, np.ones_like(values)])

    return parts
