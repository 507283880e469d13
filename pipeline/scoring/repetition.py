"""How often captions repeat each other."""

import collections
from collections.abc import Sequence

from pipeline.scoring.ngrams import Tokens


def mode_share(captions: Sequence[Tokens]) -> float:
    """Returns the share of captions equal to the most frequent one, 0 to 1."""
    return max(_repeats(captions, least=1)) / len(captions)


def collision_probability(captions: Sequence[Tokens]) -> float:
    """Returns how likely two captions drawn without return are equal.

    sum n_c (n_c - 1) / (N (N - 1)), Simpson 1949; it does not depend on N.
    """
    ways = sum(n * (n - 1) for n in _repeats(captions, least=2))
    return ways / (len(captions) * (len(captions) - 1))


def distinct_share(captions: Sequence[Tokens]) -> float:
    """Returns distinct captions per caption, 0 to 1; it falls as N grows."""
    return len(_repeats(captions, least=1)) / len(captions)


def _repeats(captions: Sequence[Tokens], *, least: int) -> list[int]:
    if len(captions) < least:
        raise ValueError(f"{len(captions)} captions, at least {least} needed.")
    return list(collections.Counter(map(tuple, captions)).values())
