"""Words of a caption, and its runs of one to four words."""

import collections
from collections.abc import Sequence

Tokens = Sequence[str]
Ngram = tuple[str, ...]

ORDERS = 4


def ngram_counts(tokens: Tokens) -> collections.Counter[Ngram]:
    """Returns how often each run of one to four words occurs in a caption."""
    return collections.Counter(
        tuple(tokens[start : start + order])
        for order in range(1, ORDERS + 1)
        for start in range(len(tokens) - order + 1)
    )


def check_aligned(captions: int, images: int) -> None:
    """Raises ValueError: there is not one caption for each image."""
    if captions != images:
        raise ValueError(f"{captions} captions for {images} images.")
