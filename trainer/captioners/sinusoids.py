"""Fixed positions of words and places (Vaswani et al. 2017, section 3.5)."""

import math

import numpy as np
from numpy.typing import NDArray

_LONGEST = 10_000.0


def line(length: int, units: int) -> NDArray[np.float32]:
    """Sines and cosines of positions in a row.

    Args:
      length: number of positions.
      units: number of features.

    Returns:
      float32 [length, units]: sines, then cosines.
    """
    half = -(-units // 2)
    rates = _LONGEST ** (-np.arange(half) / half)
    angles = np.arange(length)[:, None] * rates
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    return waves[:, :units].astype(np.float32)


def grid(locations: int, units: int) -> NDArray[np.float32]:
    """Positions of the places of a grid, by row and column.

    A record set does not say how many rows a grid has. It is taken for a
    square; if no square has so many places, they are taken in their order.

    Args:
      locations: number of places, row after row.
      units: number of features.

    Returns:
      float32 [locations, units]; of a square, the first half tells the row and
      the second half the column.
    """
    side = math.isqrt(locations)
    if side**2 != locations:
        return line(locations, units)
    rows = line(side, units // 2)
    columns = line(side, units - units // 2)
    return np.concatenate(
        [np.repeat(rows, side, axis=0), np.tile(columns, [side, 1])], axis=1
    )
