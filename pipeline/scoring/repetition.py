"""How often captions repeat each other, and themselves."""

import collections
import dataclasses
from collections.abc import Sequence

import numpy as np

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import Floats, Ngrams, Tokens
from pipeline.scoring.ratio import RatioScorer


def mode_share(captions: Sequence[Tokens]) -> float:
    """Returns the share of captions equal to the most frequent one, 0 to 1.

    Raises:
      ValueError: there are no captions.
    """
    return max(_repeats(captions, least=1)) / len(captions)


def collision_probability(captions: Sequence[Tokens]) -> float:
    """Returns how likely two captions are equal, 0 to 1.

    The two are drawn without replacement: with n_c copies of each of the N
    captions it is sum n_c (n_c - 1) / (N (N - 1)), Simpson 1949. Its expected
    value does not depend on N.

    Raises:
      ValueError: there are fewer than two captions.
    """
    ways = sum(n * (n - 1) for n in _repeats(captions, least=2))
    return ways / (len(captions) * (len(captions) - 1))


def _repeats(captions: Sequence[Tokens], *, least: int) -> list[int]:
    """Counts the copies of each distinct caption."""
    if len(captions) < least:
        raise ValueError(f"{len(captions)} captions, at least {least} needed.")
    return list(collections.Counter(map(tuple, captions)).values())


@dataclasses.dataclass(frozen=True)
class RepetitionMetric:
    """How often captions repeat themselves: seq-rep-2 (Welleck et al. 2020)."""

    name: str = dataclasses.field(default="repetition", init=False)
    label: str = dataclasses.field(default="Repetition", init=False)
    definition: str = dataclasses.field(
        default="Share of the pairs of neighbouring words that stand in their "
        "caption before; 0 to 1 (seq-rep-2 of Welleck et al. 2020).",
        init=False,
    )
    of_wording: bool = dataclasses.field(default=True, init=False)
    higher_is_better: bool = dataclasses.field(default=False, init=False)

    def against(self, references: References) -> RatioScorer:
        """Needs no references."""
        del references
        return RatioScorer(_repeated_pairs)


def _repeated_pairs(captions: Sequence[Tokens]) -> Floats:
    """Pairs that were said before, and all pairs, float64 [images, 2]."""
    ngrams = Ngrams.of(captions)
    pairs = np.maximum(ngrams.lengths - 1, 0)
    own = ngrams.captions[ngrams.orders[ngrams.ngrams] == 1]
    different = np.bincount(own, minlength=len(captions))
    return np.column_stack([pairs - different, pairs]).astype(np.float64)
