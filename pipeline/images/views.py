"""Pixels -> other views of the same image, to train on.

A view is made of the pixels as `decode` gives them, and then prepared like any
image.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np

FLIP = "flip"

# "left", "rightmost", "left-hand": in English alone. "leftovers" costs an image
# its flip too, which is no fault of what is stored.
_SIDES = re.compile(r"\b(left|right)", re.IGNORECASE)


def true_to(captions: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """The views of an image in which its captions stay true.

    A mirrored image makes "left" and "right" false. So an image has no flip if
    any of its captions has a word that begins with either, whatever it means.

    Args:
      captions: all of the image's.
      names: of views, in any order.

    Returns:
      The names that stay, in the same order.
    """
    sided = any(map(_SIDES.search, captions))
    return tuple(name for name in names if not (sided and name == FLIP))


def _mirrored(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, ::-1]


def _corner(pixels: np.ndarray, *, bottom: bool, right: bool) -> np.ndarray:
    height, width = (side - side // 8 for side in pixels.shape[:2])
    rows = pixels[-height:] if bottom else pixels[:height]
    return rows[:, -width:] if right else rows[:, :width]


VIEWS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    FLIP: _mirrored,
    "top-left": functools.partial(_corner, bottom=False, right=False),
    "top-right": functools.partial(_corner, bottom=False, right=True),
    "bottom-left": functools.partial(_corner, bottom=True, right=False),
    "bottom-right": functools.partial(_corner, bottom=True, right=True),
}
"""Name -> what makes the view, uint8 [height, width, 3] of the image's.

`flip` exchanges left and right; the others are named by the corner of which
they keep seven eighths of both sides, rounded up.
"""
