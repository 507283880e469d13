"""Images with their captions, and where each word of them looked.

A photo is embedded once per example, as a CSS property that all its small
multiples share; a word's attention is a PNG of a few hundred bytes that covers
the photo where the captioner did not look. Words are radio buttons, so that
tap, arrow keys and hovering work without any script.
"""

import dataclasses
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image, ImageFile

from pipeline.pages import document, template
from trainer.decoding import caption as caption_lib

_PARTS = template.macros(__file__, "results.html")
_MAP_SIDE = 28
_SHADE, _DARKEST = 12, 0.8


@dataclasses.dataclass(frozen=True)
class PageExample:
    """A captioned image as the page shows it.

    Attributes:
      example: image, generated caption with its attention, and references.
      marks: remarks about the caption, each with whether it is good.
    """

    example: caption_lib.CaptionedExample
    marks: tuple[tuple[str, bool], ...] = ()


def grid_side(attention: NDArray[np.float32]) -> int | None:
    """Returns the side of the square grid that the locations form, or None.

    Args:
      attention: float [words, locations].
    """
    side = math.isqrt(attention.shape[-1])
    return side if side and side**2 == attention.shape[-1] else None


def shade(weights: NDArray[np.float32]) -> bytes:
    """Draws a veil over what one word did not look at.

    Args:
      weights: float32 [side * side], row by row; values that are not finite
        count as zero.

    Returns:
      A PNG of grey and alpha: clear where the weight is the word's largest,
      darkest where it is zero; without a positive weight, dark everywhere.
    """
    side = math.isqrt(len(weights))
    grid = np.nan_to_num(weights, nan=0, posinf=0, neginf=0).reshape(side, side)
    share = np.maximum(grid, 0) / (grid.max() if grid.max() > 0 else 1)
    alpha = Image.fromarray((255 * _DARKEST * (1 - share)).astype(np.uint8))
    size = side * math.ceil(_MAP_SIDE / side)
    alpha = alpha.resize((size, size), Image.Resampling.BICUBIC)
    image = Image.merge("LA", (Image.new("L", alpha.size, _SHADE), alpha))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def render(examples: Sequence[PageExample]) -> Markup:
    """Returns an `article` for each example."""
    return Markup().join(
        _PARTS.example(_view(number, row))
        for number, row in enumerate(examples, start=1)
    )


def most_words(examples: Sequence[PageExample]) -> int:
    """Returns the number of words in the longest caption, for `style.rules`."""
    return max((len(e.example.caption.words) for e in examples), default=0)


def _view(number: int, row: PageExample) -> dict[str, Any]:
    """The values that the template asks for."""
    example = row.example
    why = why_no_maps(example.caption)
    return {
        "name": f"look-{number}",
        "id": example.image_id,
        "style": Markup(_properties(example)),
        "words": _words(example.caption, why) or None,
        "why": why,
        "marks": row.marks,
        "references": example.references,
        "photo": _photo(example.thumbnail) is not None,
        "alt": (example.references or [example.image_id])[0],
    }


def _words(
    caption: caption_lib.Caption, why: str | None
) -> list[dict[str, Any]]:
    """Each word with its number and, where it has a map, what that shows."""
    return [
        {
            "number": number,
            "word": word,
            "title": "" if why else _peak(caption.attention[number - 1]),
        }
        for number, word in enumerate(caption.words, start=1)
    ]


def _properties(example: caption_lib.CaptionedExample) -> str:
    """The photo, its shape and the maps, as CSS custom properties."""
    attention = example.caption.attention
    properties = []
    photo = _photo(example.thumbnail)
    if photo:
        width, height = photo.size
        data = document.data_uri(
            example.thumbnail, photo.get_format_mimetype() or ""
        )
        properties = [f"--photo:url({data})", f"--ratio:{width}/{height}"]
    if why_no_maps(example.caption) is None:
        properties += [
            f"--m{n}:url({document.data_uri(shade(weights), 'image/png')})"
            for n, weights in enumerate(attention, start=1)
        ]
    return ";".join(properties)


def _photo(thumbnail: bytes) -> ImageFile.ImageFile | None:
    """The opened thumbnail, or None where it can't be read."""
    try:
        return Image.open(io.BytesIO(thumbnail), formats=["JPEG", "PNG"])
    except OSError:
        return None


def why_no_maps(caption: caption_lib.Caption) -> str | None:
    """What keeps the attention from being drawn, or None."""
    words, attention = caption.words, caption.attention
    if not words:
        return "No words, so nothing to show of where they looked."
    if attention.ndim != 2 or len(attention) != len(words):
        return f"No overlays: attention {attention.shape}, {len(words)} words."
    if not attention.any():
        return "No overlays: this captioner has no attention."
    if grid_side(attention) is None:
        many = attention.shape[-1]
        return f"No overlays: {many} locations are not a square grid."
    return None


def _peak(weights: NDArray[np.float32]) -> str:
    """How much of a word's attention its brightest place has, in words."""
    most = np.nan_to_num(weights).max()
    return (
        f"{most:.0%} of the attention at the brightest place, "
        f"{1 / len(weights):.0%} if it were even"
    )
