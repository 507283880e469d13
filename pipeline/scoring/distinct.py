"""Distinct-n (Li et al. 2016): how many different n-grams captions have."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import ORDERS, Ngrams, Tokens


@dataclasses.dataclass(frozen=True)
class DistinctMetric:
    """Distinct-n of one order as a metric.

    Attributes:
      order: words of an n-gram, 1 to 4.

    Raises:
      ValueError: `order` is not 1 to 4.
    """

    order: int = 1
    of_wording: bool = dataclasses.field(default=True, init=False)
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def __post_init__(self) -> None:
        """Validates the order."""
        if self.order not in range(1, ORDERS + 1):
            raise ValueError(
                f"`order` must lie in 1 to {ORDERS}, got {self.order}"
            )

    @property
    def name(self) -> str:
        """The key, such as `distinct_1`."""
        return f"distinct_{self.order}"

    @property
    def label(self) -> str:
        """What people call it, such as `Distinct-1`."""
        return f"Distinct-{self.order}"

    @property
    def definition(self) -> str:
        """What it measures, its range and its source."""
        what = "words" if self.order == 1 else f"runs of {self.order} words"
        return (
            f"Different {what} of all captions over the number of their words; "
            "0 to 1, and lower with more images (Li et al. 2016)."
        )

    def against(self, references: References) -> "DistinctScorer":
        """Needs no references."""
        del references
        return DistinctScorer(self.order)


@dataclasses.dataclass(frozen=True)
class DistinctScorer:
    """Distinct-n; 0 without a word.

    A sum over images does not give it: captions share their n-grams.

    Attributes:
      order: words of an n-gram.
    """

    order: int

    def corpus(self, captions: Sequence[Tokens]) -> float:
        """Different n-grams of all captions, over their words."""
        ngrams = Ngrams.of(captions)
        different = len(ngrams.keys[self.order - 1])
        return different / max(int(ngrams.lengths.sum()), 1)

    def each(self, captions: Sequence[Tokens]) -> list[float]:
        """Different n-grams of each caption, over its words."""
        ngrams = Ngrams.of(captions)
        own = ngrams.captions[ngrams.orders[ngrams.ngrams] == self.order - 1]
        different = np.bincount(own, minlength=len(captions))
        return [
            float(share) for share in different / np.maximum(ngrams.lengths, 1)
        ]
