"""Sums over grids that come out equal in whatever order they are taken.

Each image's contribution is rounded to a multiple of 2^-24 and added as an
integer: that is associative, so shards and workers can't change a bit of it.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from pipeline.card.facts import FeatureFacts

_ONE = 1 << 24
# Of the mean square: below it is rounding.
_NO_VARIANCE = 1e-6


@dataclasses.dataclass(frozen=True)
class FeatureSums:
    """Mergeable sums; those of values are in units of 2^-24.

    Attributes:
      images: grids counted.
      constant: grids that are the same at every location.
      nonzero: grids whose pooled feature has a length.
      pooled: int [depth], of the features' means over locations.
      unit: int [depth], of those means scaled to length 1.
      pooled_squares: of squared lengths of pooled features.
      squares: of squared lengths of features, the mean over locations.
    """

    images: int = 0
    constant: int = 0
    nonzero: int = 0
    pooled: tuple[int, ...] = ()
    unit: tuple[int, ...] = ()
    pooled_squares: int = 0
    squares: int = 0

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`, through JSON."""
        vectors = {name: tuple(row[name]) for name in ("pooled", "unit")}
        return cls(**{**row, **vectors})

    @classmethod
    def merge(cls, several: Iterable["FeatureSums"]) -> "FeatureSums":
        """Returns the sums over the images of all."""
        some = [each for each in several if each.images]
        return cls(
            images=sum(each.images for each in some),
            constant=sum(each.constant for each in some),
            nonzero=sum(each.nonzero for each in some),
            pooled=tuple(
                map(sum, zip(*(each.pooled for each in some), strict=True))
            ),
            unit=tuple(
                map(sum, zip(*(each.unit for each in some), strict=True))
            ),
            pooled_squares=sum(each.pooled_squares for each in some),
            squares=sum(each.squares for each in some),
        )

    def facts(self, *, non_finite: int) -> FeatureFacts:
        """The statistics of all grids, from integers up to the last step."""
        if not self.images:
            return FeatureFacts(0, 0.0, 0.0, None, None, 0, non_finite)
        depth = len(self.pooled)
        centre = sum(each**2 for each in self.pooled) / self.images**2 / _ONE**2
        power = self.squares / self.images / _ONE
        total = max(power - centre, 0.0)
        between = max(self.pooled_squares / self.images / _ONE - centre, 0.0)
        varied = total > _NO_VARIANCE * power
        return FeatureFacts(
            images=self.images,
            mean=sum(self.pooled) / (self.images * depth * _ONE),
            deviation=math.sqrt(total / depth),
            dispersion=between / total if varied else 0.0,
            cosine=self._cosine(),
            constant=self.constant,
            non_finite=non_finite,
        )

    def _cosine(self) -> float | None:
        pairs = self.nonzero * (self.nonzero - 1)
        if not pairs:
            return None
        every = sum(each**2 for each in self.unit) / _ONE**2
        return (every - self.nonzero) / pairs


class Accumulator:
    """Adds up the grids of one shard."""

    def __init__(self) -> None:
        """Begins without an image."""
        self._images = self._constant = self._nonzero = 0
        self._pooled_squares = self._squares = 0
        self._vectors = np.zeros((2, 0), np.int64)

    def add(self, grid: np.ndarray) -> None:
        """Counts one grid, float32 [locations, depth], all finite."""
        pooled = grid.mean(axis=0)
        # Not a dot product: BLAS sums in the order of its threads.
        square = float(np.einsum("i,i->", pooled, pooled))
        squares = float(np.einsum("ij,ij->", grid, grid)) / len(grid)
        unit = pooled / np.sqrt(square) if square else pooled
        vectors = np.stack([pooled, unit]).astype(np.float64)
        if not self._images:
            self._vectors = np.zeros(vectors.shape, np.int64)
        self._vectors += np.rint(vectors * _ONE).astype(np.int64)
        self._images += 1
        self._constant += bool((grid[0] == grid[-1]).all()) and bool(
            (grid == grid[0]).all()
        )
        self._nonzero += bool(square)
        self._pooled_squares += round(square * _ONE)
        self._squares += round(squares * _ONE)

    def total(self) -> FeatureSums:
        """The sums of what was added."""
        pooled, unit = map(tuple, self._vectors.tolist())
        return FeatureSums(
            images=self._images,
            constant=self._constant,
            nonzero=self._nonzero,
            pooled=pooled,
            unit=unit,
            pooled_squares=self._pooled_squares,
            squares=self._squares,
        )
