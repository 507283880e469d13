"""BLEU (Papineni et al. 2002) by counts of each image, equal to pycocoevalcap.

The counts of images add up, so that the score of any set of images is computed
from the sum of theirs.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import ORDERS, Floats, Integers, Tokens
from pipeline.scoring.reference_ngrams import ReferenceNgrams

# The two constants by which pycocoevalcap keeps quotients finite.
_TINY, _SMALL = 1e-15, 1e-9
_FAR = 1 << 32


def statistics(
    captions: Sequence[Tokens], references: ReferenceNgrams
) -> Floats:
    """Counts what BLEU needs of each image's caption.

    Returns:
      float64 [images, 10]: n-grams of orders 1 to 4 that are found in a
      reference, clipped; n-grams of orders 1 to 4; words; words of the
      reference whose length is closest, the shorter one if two are.

    Raises:
      ValueError: there are not as many captions as images.
    """
    match = references.match(captions)
    own = match.own
    clipped = np.minimum(own.times[match.entries], references.most[match.runs])
    places = own.captions[match.entries] * ORDERS
    matched = np.bincount(
        places + own.orders[own.ngrams[match.entries]],
        clipped,
        minlength=references.images * ORDERS,
    ).reshape(-1, ORDERS)
    lengths = own.lengths
    return np.column_stack([matched, *_lengths(lengths, references)])


def sum_everywhere(caption: Tokens, references: ReferenceNgrams) -> Floats:
    """Sums `statistics` of one caption as that of every image, float64 [10]."""
    match = references.match_everywhere(caption)
    own, images = match.own, references.images
    clipped = np.minimum(own.times[match.entries], references.most[match.runs])
    orders = own.orders[own.ngrams[match.entries]]
    matched = np.bincount(orders, clipped, minlength=ORDERS)
    lengths = np.full(images, len(caption))
    sums = np.column_stack(_lengths(lengths, references)).sum(axis=0)
    return np.concatenate([matched, sums])


def scores(sums: Floats) -> Floats:
    """Computes BLEU-1 to BLEU-4 from sums of `statistics`.

    Args:
      sums: float64 [..., 10].

    Returns:
      float64 [..., 4], 0 to 1.
    """
    matched, total = sums[..., :ORDERS], sums[..., ORDERS : 2 * ORDERS]
    precisions = (matched + _TINY) / (total + _SMALL)
    ratio = (sums[..., -2] + _TINY) / (sums[..., -1] + _SMALL)
    brevity = np.exp(np.minimum(0.0, 1 - 1 / ratio))[..., None]
    roots = 1 / np.arange(1, ORDERS + 1)
    return brevity * np.cumprod(precisions, axis=-1) ** roots


def _lengths(
    lengths: Integers, references: ReferenceNgrams
) -> tuple[Integers, Integers, Integers]:
    """N-grams of each order [images, 4], words, and words of the closest."""
    totals = np.maximum(lengths[:, None] - np.arange(ORDERS), 0)
    theirs = references.ngrams.lengths
    apart = np.abs(theirs - lengths[references.owners])
    # One number orders by distance, then by length.
    closest = np.minimum.reduceat(apart * _FAR + theirs, references.bounds[:-1])
    return totals, lengths, closest % _FAR


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
        """Takes the references' n-grams."""
        return BleuScorer(self.order, references.ngrams)


@dataclasses.dataclass(frozen=True)
class BleuScorer:
    """BLEU of one order against counted references.

    Attributes:
      order: 1 to 4.
      references: their n-grams.
    """

    order: int
    references: ReferenceNgrams

    def corpus(self, captions: Sequence[Tokens]) -> float:
        """BLEU of all captions as one corpus, 0 to 1."""
        return float(self.value(self.statistics(captions).sum(axis=0)))

    def each(self, captions: Sequence[Tokens]) -> list[float]:
        """BLEU of each image's caption as a corpus of its own, 0 to 1."""
        return [float(score) for score in self.value(self.statistics(captions))]

    def statistics(self, captions: Sequence[Tokens]) -> Floats:
        """Counts that add up over images, float64 [images, 10]."""
        return statistics(captions, self.references)

    def value(self, sums: Floats) -> Floats:
        """BLEU from sums of the counts [..., 10], float64 [...]."""
        return np.asarray(scores(sums)[..., self.order - 1])
