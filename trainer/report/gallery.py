"""Images with their captions, and where each word of them looked.

A photo is embedded once per example, as a CSS property that all its small
multiples share; a word's attention is a PNG of a few hundred bytes that covers
the photo where the captioner did not look. Words are radio buttons, so that
tap, arrow keys and hovering work without any script.
"""

import dataclasses
import html
import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from pipeline.pages import document
from trainer.decoding import caption as caption_lib

_MAP_SIDE = 28
_SHADE, _DARKEST = 12, 0.8


@dataclasses.dataclass(frozen=True)
class PageExample:
    """A captioned image as the page shows it.

    Attributes:
      example: image, generated caption with its attention, references.
      marks: what is known of the caption, each with whether it is good.
    """

    example: caption_lib.CaptionedExample
    marks: tuple[tuple[str, bool], ...] = ()


def grid_side(attention: NDArray[np.float32]) -> int | None:
    """Side of the square grid that [words, locations] covers, or None."""
    side = math.isqrt(attention.shape[-1])
    return side if side and side**2 == attention.shape[-1] else None


def shade(weights: NDArray[np.float32]) -> bytes:
    """Draws what one word did not look at.

    Args:
      weights: float [side * side], row by row; values that are not finite
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


def render(examples: Sequence[PageExample]) -> str:
    """Returns an `article` for each example."""
    return "".join(
        _article(number, row) for number, row in enumerate(examples, start=1)
    )


def most_words(examples: Sequence[PageExample]) -> int:
    """Words of the longest caption; `page_style` needs as many."""
    return max((len(e.example.caption.words) for e in examples), default=0)


def _article(number: int, row: PageExample) -> str:
    example = row.example
    name = f"look-{number}"
    return (
        f'<article class="example" style="{_properties(example)}">'
        f'<div class="words"><h3>{html.escape(example.image_id)}</h3>'
        f"{_said(name, example.caption)}{_marks(row.marks)}"
        f"{_references(example.references)}</div>{_large(example)}"
        f"{_strip(name, example)}</article>"
    )


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
    if _why_no_maps(example.caption) is None:
        properties += [
            f"--m{n}:url({document.data_uri(shade(weights), 'image/png')})"
            for n, weights in enumerate(attention, start=1)
        ]
    return ";".join(properties)


def _photo(thumbnail: bytes) -> ImageFile.ImageFile | None:
    try:
        return Image.open(io.BytesIO(thumbnail), formats=["JPEG", "PNG"])
    except OSError:
        return None


def _large(example: caption_lib.CaptionedExample) -> str:
    if not _photo(example.thumbnail):
        return '<div class="large empty">no thumbnail in the records</div>'
    said = (example.references or [example.image_id])[0]
    return (
        '<div class="large" role="img" '
        f'aria-label="Photo: {html.escape(said)}"></div>'
    )


def _said(name: str, caption: caption_lib.Caption) -> str:
    if not caption.words:
        return '<p class="said empty">(empty caption)</p>'
    if _why_no_maps(caption):
        return f'<p class="said">{html.escape(" ".join(caption.words))}</p>'
    words = (
        f'<label class="w w{n}" for="{name}-{n}">{html.escape(word)}</label>'
        for n, word in enumerate(caption.words, start=1)
    )
    return f'<p class="said">{" ".join(words)}</p>'


def _marks(marks: Sequence[tuple[str, bool]]) -> str:
    chips = (
        f'<li class="{"good" if ok else "bad"}">{html.escape(label)}</li>'
        for label, ok in marks
    )
    return f'<ul class="marks">{"".join(chips)}</ul>' if marks else ""


def _references(references: Sequence[str]) -> str:
    if not references:
        return ""
    many = (
        "1 reference"
        if len(references) == 1
        else (f"{len(references)} references")
    )
    rows = "".join(f"<li>{html.escape(text)}</li>" for text in references)
    return f"<details><summary>{many}</summary><ul>{rows}</ul></details>"


def _why_no_maps(caption: caption_lib.Caption) -> str | None:
    """What keeps the attention from being drawn, or None."""
    words, attention = caption.words, caption.attention
    if not words:
        return "No words, so nothing to show of where they looked."
    if attention.ndim != 2 or len(attention) != len(words):
        return f"No overlays: attention {attention.shape}, {len(words)} words."
    if grid_side(attention) is None:
        many = attention.shape[-1]
        return f"No overlays: {many} locations are not a square grid."
    return None


def _strip(name: str, example: caption_lib.CaptionedExample) -> str:
    why = _why_no_maps(example.caption)
    if why:
        return f'<p class="none">{html.escape(why)}</p>'
    cells = [_cell(name, 0, "image", "the image alone")]
    for number, word in enumerate(example.caption.words, start=1):
        weights = example.caption.attention[number - 1]
        cells.append(_cell(name, number, word, _peak(weights)))
    return (
        '<div class="strip" role="radiogroup" '
        f'aria-label="Where each word looked">{"".join(cells)}</div>'
    )


def _peak(weights: NDArray[np.float32]) -> str:
    most = np.nan_to_num(weights).max()
    return (
        f"{most:.0%} of the attention at the brightest place, "
        f"{1 / len(weights):.0%} if it were even"
    )


def _cell(name: str, number: int, word: str, title: str) -> str:
    word = html.escape(word)
    checked = "" if number else " checked"
    return (
        f'<label class="w w{number}" title="{title}">'
        f'<input type="radio" name="{name}" id="{name}-{number}" '
        f'aria-label="{word}"{checked}><i></i>{word}</label>'
    )
