"""Colours, shades and gradients that objects and backgrounds are painted in."""

import numpy as np
from PIL import Image

from pipeline.scenes.words import IMAGE_SIDE

Colour = tuple[int, ...]

# Pictures are painted this much larger and then reduced, against jagged edges.
SCALE = 2
SIDE = SCALE * IMAGE_SIDE


def shaded(colour: Colour, factor: float) -> Colour:
    """Darkens towards black below 1, lightens towards white above it."""
    if factor <= 1:
        return tuple(round(level * factor) for level in colour)
    return tuple(round(255 - (255 - level) * (2 - factor)) for level in colour)


def gradient(top: Colour, bottom: Colour, side: int) -> Image.Image:
    """Fades from top to bottom over a square."""
    column = np.linspace(top, bottom, 32).round().clip(0, 255).astype(np.uint8)
    smooth = Image.Resampling.BILINEAR
    return Image.fromarray(column[:, None, :]).resize((side, side), smooth)
