"""Words of a caption, and its runs of one to four words."""

import collections
import itertools
from collections.abc import Sequence

Tokens = Sequence[str]
Ngram = tuple[str, ...]

ORDERS = 4


def ngram_counts(tokens: Tokens) -> collections.Counter[Ngram]:
    """Returns how often each run of one to four words occurs in a caption."""
    shifted = [tokens[start:] for start in range(ORDERS)]
    return collections.Counter(
        itertools.chain.from_iterable(
            zip(*shifted[:order], strict=False)
            for order in range(1, ORDERS + 1)
        )
    )


def check_aligned(captions: int, images: int) -> None:
    """Checks that there is one caption for each image.

    Raises:
      ValueError: there are more or fewer.
    """
    if captions != images:
        raise ValueError(f"{captions} captions for {images} images.")
