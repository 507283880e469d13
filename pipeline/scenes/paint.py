"""Shades and gradients of colour, for objects and backgrounds."""

import numpy as np
from PIL import Image

from pipeline.scenes.words import IMAGE_SIDE

Colour = tuple[int, ...]

# Pictures are painted this many times larger and then reduced, which smooths
# their edges.
SCALE = 2
SIDE = SCALE * IMAGE_SIDE


def shaded(colour: Colour, factor: float) -> Colour:
    """Returns a colour darkened to black (0), the same (1) or white (2).

    Args:
      colour: RGB levels from 0 to 255.
      factor: from 0 to 2.
    """
    if factor <= 1:
        return tuple(round(level * factor) for level in colour)
    return tuple(round(255 - (255 - level) * (2 - factor)) for level in colour)


def gradient(top: Colour, bottom: Colour, side: int) -> Image.Image:
    """Paints a square that fades from one colour at its top to another.

    Args:
      top: RGB levels from 0 to 255.
      bottom: RGB levels from 0 to 255.
      side: of the square, in pixels.
    """
    column = np.linspace(top, bottom, 32).round().clip(0, 255).astype(np.uint8)
    smooth = Image.Resampling.BILINEAR
    return Image.fromarray(column[:, None, :]).resize((side, side), smooth)
