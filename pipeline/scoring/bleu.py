"""BLEU as mergeable corpus counts, and its ceiling."""

import collections
import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Self

from pipeline.scoring.metric import References
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
    """What BLEU has to know about one image's references.

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
          ValueError: there are no captions.
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
        """Does what `from_captions` does, with references counted before.

        Raises:
          ValueError: there is not one caption for each image.
        """
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


@dataclasses.dataclass(frozen=True)
class BleuMetric:
    """BLEU of one order as a metric.

    Attributes:
      order: of the longest n-grams, 1 to 4.

    Raises:
      ValueError: `order` is not 1 to 4.
    """

    order: int = 4
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def __post_init__(self) -> None:
        """Validates the order."""
        if self.order not in range(1, ORDERS + 1):
            raise ValueError(
                f"`order` must lie in 1 to {ORDERS}, got {self.order}"
            )

    @property
    def name(self) -> str:
        """The key, such as `bleu_4`."""
        return f"bleu_{self.order}"

    @property
    def label(self) -> str:
        """What people call it, such as `BLEU-4`."""
        return f"BLEU-{self.order}"

    @property
    def definition(self) -> str:
        """What it measures, its range and its source."""
        runs = f"runs of up to {self.order} words"
        return (
            f"Precision of {'single words' if self.order == 1 else runs} "
            "against the references, cut for short captions; 0 to 1 (Papineni "
            "et al. 2002)."
        )

    def against(self, references: References) -> "BleuScorer":
        """Counts the references' n-grams once."""
        return BleuScorer(
            self.name, tuple(map(Ceiling.from_references, references.words))
        )


@dataclasses.dataclass(frozen=True)
class BleuScorer:
    """BLEU of one order against counted references.

    Attributes:
      name: `bleu_1` to `bleu_4`.
      ceilings: what is known about each image's references.
    """

    name: str
    ceilings: tuple[Ceiling, ...]

    def corpus(self, captions: Sequence[Tokens]) -> float:
        """BLEU of all captions as one corpus, 0 to 1."""
        return Bleu.from_ceilings(captions, self.ceilings).compute()[self.name]

    def each(self, captions: Sequence[Tokens]) -> list[float]:
        """BLEU of each image's caption as a corpus of its own, 0 to 1."""
        return [
            Bleu.from_ceilings([caption], [ceiling]).compute()[self.name]
            for caption, ceiling in zip(captions, self.ceilings, strict=True)
        ]
