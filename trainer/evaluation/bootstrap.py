"""Intervals of scores, and of their differences, by drawing images anew.

The bootstrap (Efron 1979; for BLEU: Koehn 2004) draws as many images as there
are, with replacement, many times, and computes each score of each draw from the
sums over its images. What a score takes from all images stays as it is, such as
the document frequencies of CIDEr-D.
"""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np

from pipeline.scoring import metric
from pipeline.scoring.ngrams import Floats

DRAWS = 2000
_BLOCK = 100


def draw_sums(
    rows: Mapping[str, Floats], *, seed: int, draws: int = DRAWS
) -> dict[str, Floats]:
    """Sums rows over images that are drawn anew, the same ones for all names.

    Args:
      rows: name -> float64 [images, sums].
      seed: decides which images are drawn.
      draws: how often.

    Returns:
      Name -> float64 [draws, sums].
    """
    if not rows:
        return {}
    joined = np.concatenate(list(rows.values()), axis=1)
    blocks = [w @ joined for w in _weights(len(joined), seed, draws)]
    ends = np.cumsum([each.shape[1] for each in rows.values()])
    parts = np.split(np.concatenate(blocks), ends[:-1], axis=1)
    return dict(zip(rows, parts, strict=True))


def _weights(images: int, seed: int, draws: int) -> Iterator[Floats]:
    """How often each image is drawn, float64 [block, images] at a time."""
    generator = np.random.default_rng(seed)
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        drawn = generator.integers(images, size=(size, images))
        drawn += np.arange(size)[:, None] * images
        counts = np.bincount(drawn.ravel(), minlength=size * images)
        yield counts.reshape(size, images).astype(np.float64)


def interval(values: Floats) -> tuple[float, float]:
    """The 95 % interval of the values of draws [draws], by percentiles."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


@dataclasses.dataclass(frozen=True)
class Difference:
    """By how much a score of one system exceeds that of another.

    Attributes:
      value: the difference.
      low: lower end of its 95 % interval.
      high: upper end.
      p: how likely chance alone makes as large a difference, either way.
    """

    value: float
    low: float
    high: float
    p: float

    @property
    def real(self) -> bool:
        """Whether the interval excludes zero and p is below 5 %."""
        return self.p < 0.05 and not self.low <= 0 <= self.high


def differences(
    scorers: Mapping[str, metric.SummedScorer],
    first: Mapping[str, Floats],
    second: Mapping[str, Floats],
    *,
    seed: int,
) -> dict[str, Difference]:
    """Compares two systems on the same images, drawn together.

    Args:
      scorers: by the metrics' names.
      first: name -> the first system's statistics [images, sums].
      second: name -> the second system's.
      seed: decides which images are drawn.
    """
    drawn = [draw_sums(rows, seed=seed) for rows in (first, second)]
    found = {}
    for name, scorer in scorers.items():
        value = float(
            scorer.value(second[name].sum(axis=0))
            - scorer.value(first[name].sum(axis=0))
        )
        draws = scorer.value(drawn[1][name]) - scorer.value(drawn[0][name])
        # Were there no difference, draws would lie about zero as they lie about
        # the one that was found (Efron and Tibshirani 1993, chapter 16).
        beyond = np.abs(draws - value) >= abs(value)
        p = (1 + int(beyond.sum())) / (1 + len(draws))
        found[name] = Difference(value, *interval(draws), p)
    return found
