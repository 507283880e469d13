"""A caption and where each of its words looked, as one picture."""

import io
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from trainer.decoding import caption as caption_lib
from trainer.report import gallery
from trainer.run import event_files

_SIDE, _LINE, _COLUMNS, _MOST = 80, 15, 6, 17
_PAPER, _INK, _NOTHING = "white", (40, 40, 40), (225, 225, 225)


def draw(example: caption_lib.CaptionedExample) -> NDArray[np.uint8]:
    """Draws the thumbnail, and again for each of the caption's first 17 words.

    Args:
      example: captioned; attention that there is none of, or that covers no
        square grid, is not drawn.

    Returns:
      uint8 [rows * 95, 480, 3], a row of six tiles for each of up to three
      rows; a word's tile is dark where the word did not look.
    """
    photo = _photo(example.thumbnail)
    caption, tiles = example.caption, [(photo, "")]
    drawn = gallery.why_no_maps(caption) is None
    for word, weights in zip(
        caption.words[:_MOST], caption.attention, strict=False
    ):
        tile = photo.copy()
        if drawn:
            png = Image.open(io.BytesIO(gallery.shade(weights)))
            shade = png.convert("RGBA").resize(photo.size)
            tile.paste(shade, mask=shade)
        tiles.append((tile, word))
    rows = -(-len(tiles) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _SIDE, rows * (_SIDE + _LINE)), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for number, (tile, word) in enumerate(tiles):
        row, column = divmod(number, _COLUMNS)
        left, top = column * _SIDE, row * (_SIDE + _LINE)
        pen.text((left + 2, top), word, _INK, font)
        sheet.paste(tile, (left + 1, top + _LINE))
    return np.asarray(sheet)


def named(
    examples: Iterable[caption_lib.CaptionedExample],
) -> Iterator[event_files.Picture]:
    """Yields for each example a numbered name, its picture and Markdown text.

    The text is the caption above the references.
    """
    for number, example in enumerate(examples, start=1):
        said = [f"**{example.caption.text}**", *example.references]
        text = f"{example.image_id}\n\n" + "\n".join(f"* {s}" for s in said)
        yield f"captions/{number}", draw(example), text


def _photo(thumbnail: bytes) -> Image.Image:
    """The thumbnail as a tile, grey where it can't be read."""
    size = (_SIDE - 2, _SIDE)
    try:
        photo = Image.open(io.BytesIO(thumbnail), formats=["JPEG", "PNG"])
        # Stretched, as the grid's square is stretched over the image.
        return photo.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    except OSError:
        return Image.new("RGB", size, _NOTHING)
