"""Sums over grids that are equal to the bit in any order of adding.

Each image's contribution is rounded to a multiple of 2^-24 and added as an
integer. Adding integers is associative, so no bit depends on the number of
shards and workers.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from pipeline.card.facts import FeatureFacts

_ONE = 1 << 24
# A variance below this part of the mean square is a rounding error.
_NO_VARIANCE = 1e-6


@dataclasses.dataclass(frozen=True)
class FeatureSums:
    """Mergeable sums over grids.

    A grid's pooled feature is its mean over locations. `pooled`, `unit`,
    `pooled_squares` and `squares` are integers in units of 2^-24.

    Attributes:
      images: number of grids.
      constant: number of grids that are the same at every location.
      nonzero: number of grids whose pooled feature is not 0.
      pooled: [depth], sum of the pooled features.
      unit: [depth], sum of the pooled features scaled to length 1.
      pooled_squares: sum of the pooled features' squared lengths.
      squares: sum of each grid's mean squared length over locations.
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
        """Makes the sums from `dataclasses.asdict`'s values, read from JSON."""
        vectors = {name: tuple(row[name]) for name in ("pooled", "unit")}
        return cls(**{**row, **vectors})

    @classmethod
    def merge(cls, several: Iterable["FeatureSums"]) -> "FeatureSums":
        """Adds several sums up."""
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
        """Computes the statistics of all grids.

        Args:
          non_finite: number of grids that were left out, to be stored with
            them.
        """
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
        """Begins with no grid."""
        self._images = self._constant = self._nonzero = 0
        self._pooled_squares = self._squares = 0
        self._vectors = np.zeros((2, 0), np.int64)

    def add(self, grid: np.ndarray) -> None:
        """Adds one grid, float32 [locations, depth], all finite."""
        pooled = grid.mean(axis=0)
        # Not a dot product: the order of BLAS's sums depends on its threads.
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
        """Returns the sums over the grids added so far."""
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
