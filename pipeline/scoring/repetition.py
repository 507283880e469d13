"""How often captions repeat each other."""

import collections
from collections.abc import Sequence

from pipeline.scoring.ngrams import Tokens


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
