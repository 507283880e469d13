"""What an image looks like, in 20 bytes: equal or close for near-duplicates.

A perceptual hash (like pHash of Zauner 2010, 'Implementation and benchmarking
of perceptual image hash functions'): the signs of the low frequencies of the
luminance. Recompressing or rescaling an image nearly always flips at most two
of its 63 bits; about half of them differ between two different photographs.
Four mean colours tell apart images of one layout in different colours.
"""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_CELLS, _FREQUENCIES, _BANDS = 32, 8, 4
_BAND_BITS = _FREQUENCIES**2 // _BANDS
# ITU-R BT.601.
_LUMINANCE = np.array([0.299, 0.587, 0.114])
# The largest range of levels in an image of one plain colour: JPEG compression
# changes such levels a little.
_BLANK_RANGE = 2.0
_MAX_FLIPS, _MAX_COLOUR_SHIFT = 2, 24


@dataclasses.dataclass(frozen=True, order=True)
class Look:
    """An image's perceptual hash and the mean colours of its quarters.

    Attributes:
      bits: the signs of 64 frequencies, as one number; the first bit is
        always set. 0 for an image of one plain colour.
      colours: 12 bytes, the mean RGB of the four quarters, row by row.
    """

    bits: int
    colours: bytes

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Look":
        """Computes the look of an image.

        Args:
          pixels: uint8 or float32 [side, side, 3], RGB from 0 to 255.
        """
        levels = _levels(pixels)
        quarters = levels.reshape(3, 2, _CELLS // 2, 2, _CELLS // 2)
        means = quarters.mean((2, 4)).transpose(1, 2, 0)
        colours = np.rint(means).astype(np.uint8).tobytes()
        if np.ptp(levels, axis=(1, 2)).max() <= _BLANK_RANGE:
            return cls(0, colours)
        grey = (_LUMINANCE @ levels.reshape(3, -1)).reshape(_CELLS, _CELLS)
        waves = _COSINES @ grey @ _COSINES.T
        signs = waves.ravel() > 1  # Above 0, the sign of a rounding error.
        signs[0] = True
        return cls(int.from_bytes(np.packbits(signs).tobytes(), "big"), colours)

    @classmethod
    def parse(cls, text: str) -> "Look":
        """Parses what `str` returns."""
        return cls(int(text[:16], 16), bytes.fromhex(text[16:]))

    def __str__(self) -> str:
        """Formats the look as 40 hexadecimal digits."""
        return f"{self.bits:016x}{self.colours.hex()}"

    @property
    def blank(self) -> bool:
        """Whether the image is of one plain colour."""
        return not self.bits

    def keys(self) -> Iterator[int]:
        """Yields six keys; near looks, two bits apart at most, share a key.

        Two flipped bits leave at least two of the four bands of 16 bits
        unchanged, and every pair of bands makes a key. A key holds 32 bits of
        the look, so few different images share one.
        """
        bands = [
            self.bits >> (_BAND_BITS * band) & (1 << _BAND_BITS) - 1
            for band in range(_BANDS)
        ]
        pairs = itertools.combinations(bands, 2)
        for number, (one, other) in enumerate(pairs):
            yield (number << _BAND_BITS | one) << _BAND_BITS | other

    def near(self, other: "Look") -> bool:
        """Whether both seem to be the same image, saved in different ways."""
        if (self.bits ^ other.bits).bit_count() > _MAX_FLIPS:
            return False
        pairs = zip(self.colours, other.colours, strict=True)
        return all(abs(a - b) <= _MAX_COLOUR_SHIFT for a, b in pairs)


def _cosines() -> NDArray[np.float64]:
    """Returns the first rows of the DCT-II, float64 [frequencies, cells]."""
    frequency = np.arange(_FREQUENCIES)[:, None]
    place = 2 * np.arange(_CELLS) + 1
    return np.asarray(np.cos(np.pi * place * frequency / (2 * _CELLS)))


_COSINES = _cosines()


def _levels(pixels: np.ndarray) -> NDArray[np.float64]:
    """Returns the mean levels of a grid of cells, [3, cells, cells]."""
    pixels = pixels.astype(np.uint8, copy=False)
    enlarge = -(-_CELLS // len(pixels))
    if enlarge > 1:
        pixels = pixels.repeat(enlarge, 0).repeat(enlarge, 1)
    side = len(pixels) // _CELLS
    pixels = pixels[: side * _CELLS, : side * _CELLS]
    # With one dtype and channels first, NumPy adds long rows at a time.
    narrow = np.uint16 if side < 256 else np.uint32
    rows = _sum(pixels.astype(narrow).reshape(_CELLS, side, -1))
    planes = rows.reshape(_CELLS, _CELLS * side, 3).transpose(2, 0, 1)
    sums = _sum(planes.astype(np.uint32).reshape(-1, side, 1))
    return sums.reshape(3, _CELLS, _CELLS) / side**2


def _sum(cells: np.ndarray) -> np.ndarray:
    """Sums the middle axis; seven times as fast as NumPy's own sum."""
    total: np.ndarray = cells[:, 0].copy()
    for place in range(1, cells.shape[1]):
        total += cells[:, place]
    return total
