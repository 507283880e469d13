"""Caption scores that add up exactly over batches, replicas and hosts.

A score is a frozen value with four operations: make it from captions, `merge`
it with another, `compute` it, and `empty`. Merging is associative, so one class
serves a batch and a whole split. Captions are lists of words (see
`pipeline.scoring.tokens`),
`captions[i]` and `references[i]` belong to the same image:

    bleu = Bleu.from_captions(captions, references)
    bleu.merge(Bleu.from_captions(more, more_references)).compute()["bleu_4"]
"""

import collections
import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Self

from pipeline.scoring.ngrams import (
    ORDERS,
    Ngram,
    Tokens,
    check_aligned,
    ngram_counts,
)

# The two constants by which pycocoevalcap keeps quotients finite.
_TINY, _SMALL = 1e-15, 1e-9


@dataclasses.dataclass(frozen=True)
class Ceiling:
    """What BLEU needs to know of the references of one image.

    Attributes:
      counts: the most occurrences of each n-gram in any one reference.
      lengths: words in each reference.
    """

    counts: Mapping[Ngram, int]
    lengths: tuple[int, ...]

    @classmethod
    def from_references(cls, references: Sequence[Tokens]) -> Self:
        """Counts the n-grams of one image's reference captions.

        Raises:
          ValueError: there are none.
        """
        if not references:
            raise ValueError("An image has no reference captions.")
        most: collections.Counter[Ngram] = collections.Counter()
        for reference in references:
            most |= ngram_counts(reference)
        return cls(most, tuple(map(len, references)))

    def closest_length(self, length: int) -> int:
        """Returns the reference length next to `length`, the shorter if two."""
        return min((abs(own - length), own) for own in self.lengths)[1]


@dataclasses.dataclass(frozen=True)
class Bleu:
    """Corpus BLEU-1 to BLEU-4 (Papineni et al. 2002), equal to pycocoevalcap.

    Attributes:
      matched: n-grams of each order found in the references, clipped.
      total: n-grams of each order in the captions.
      length: words in the captions.
      reference_length: words in the references of closest length.
    """

    matched: tuple[int, ...] = (0,) * ORDERS
    total: tuple[int, ...] = (0,) * ORDERS
    length: int = 0
    reference_length: int = 0

    @classmethod
    def empty(cls) -> Self:
        """Returns the score of no captions, neutral under `merge`."""
        return cls()

    @classmethod
    def from_captions(
        cls,
        captions: Sequence[Tokens],
        references: Sequence[Sequence[Tokens]],
    ) -> Self:
        """Counts the captions of a batch against their images' references.

        Raises:
          ValueError: the lengths differ or an image has no references.
        """
        ceilings = [Ceiling.from_references(group) for group in references]
        return cls.from_ceilings(captions, ceilings)

    @classmethod
    def from_ceilings(
        cls, captions: Sequence[Tokens], ceilings: Sequence[Ceiling]
    ) -> Self:
        """As `from_captions`, for references that are used many times."""
        check_aligned(len(captions), len(ceilings))
        matched, total, closest = [0] * ORDERS, [0] * ORDERS, 0
        # A constant caption is counted once.
        counts = {c: ngram_counts(c) for c in set(map(tuple, captions))}
        for caption, ceiling in zip(captions, ceilings, strict=True):
            own = counts[tuple(caption)]
            for ngram in own.keys() & ceiling.counts.keys():
                most = min(own[ngram], ceiling.counts[ngram])
                matched[len(ngram) - 1] += most
            for order in range(ORDERS):
                total[order] += max(len(caption) - order, 0)
            closest += ceiling.closest_length(len(caption))
        return cls(tuple(matched), tuple(total), total[0], closest)

    def merge(self, other: "Bleu") -> "Bleu":
        """Returns the score of both sets of captions together."""
        return Bleu(
            tuple(map(sum, zip(self.matched, other.matched, strict=True))),
            tuple(map(sum, zip(self.total, other.total, strict=True))),
            self.length + other.length,
            self.reference_length + other.reference_length,
        )

    def compute(self) -> dict[str, float]:
        """Returns `bleu_1` to `bleu_4`, each from 0 to 1.

        Raises:
          ValueError: nothing was counted.
        """
        if not self.reference_length:
            raise ValueError("BLEU of no captions is undefined.")
        precisions = (
            (matched + _TINY) / (total + _SMALL)
            for matched, total in zip(self.matched, self.total, strict=True)
        )
        products = itertools.accumulate(precisions, lambda a, b: a * b)
        ratio = (self.length + _TINY) / (self.reference_length + _SMALL)
        brevity = math.exp(min(0.0, 1 - 1 / ratio))
        return {
            f"bleu_{order}": brevity * product ** (1 / order)
            for order, product in enumerate(products, start=1)
        }


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
