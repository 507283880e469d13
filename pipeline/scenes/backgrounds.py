"""Paints backgrounds of scenes, and adds what a camera's lens does."""

import functools
import math
import random
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pipeline.scenes.paint import SCALE, SIDE, Colour, gradient, shaded
from pipeline.scenes.words import IMAGE_SIDE

_Brush = ImageDraw.ImageDraw


def _scattered(count: int, rng: random.Random) -> Iterator[tuple[float, float]]:
    for _ in range(count):
        yield rng.uniform(0, SIDE), rng.uniform(0, SIDE)


def _draw_sky(draw: _Brush, rng: random.Random) -> None:
    for x, y in _scattered(5, rng):
        wide = rng.uniform(0.1, 0.18) * SIDE
        for puff in range(-2, 3):
            radius = wide * (0.42 - 0.09 * abs(puff)) * rng.uniform(0.9, 1.2)
            centre = (x + puff * wide * 0.34, y + wide * 0.2 - 0.6 * radius)
            draw.circle(centre, radius, fill=(246, 250, 254))


def _draw_grass(draw: _Brush, rng: random.Random) -> None:
    for x, y in _scattered(260, rng):
        lean, tall = rng.uniform(-6, 6), rng.uniform(12, 26)
        fill = shaded((136, 182, 100), rng.uniform(0.78, 1.25))
        draw.polygon((x - 3, y, x + 3, y, x + lean, y - tall), fill=fill)


def _draw_sand(draw: _Brush, rng: random.Random) -> None:
    across = range(-10, SIDE + 20, 10)
    for base in range(0, SIDE + 40, 40):
        phase, rise = rng.uniform(0, 2 * math.pi), rng.uniform(5, 10)
        wave = [(x, base + rise * math.sin(x / 38 + phase)) for x in across]
        draw.line(wave, fill=(216, 188, 138), width=5)
    for spot in _scattered(260, rng):
        draw.circle(spot, 1.5, fill=(190, 158, 112))


def _draw_night(draw: _Brush, rng: random.Random) -> None:
    for spot in _scattered(90, rng):
        fill = rng.choice(((255, 250, 220), (200, 210, 255)))
        draw.circle(spot, rng.choice((1.5, 2, 3, 4)), fill=fill)


def _draw_bricks(draw: _Brush, rng: random.Random) -> None:
    wide, tall = 76, 34
    for row in range(SIDE // tall + 1):
        for column in range(-1, SIDE // wide + 1):
            left, top = column * wide + row % 2 * wide // 2, row * tall
            fill = shaded((178, 112, 96), rng.uniform(0.86, 1.12))
            box = (left + 3, top + 3, left + wide - 3, top + tall - 3)
            draw.rectangle(box, fill=fill)


def _draw_checks(draw: _Brush, rng: random.Random) -> None:
    cell = rng.choice((44, 48, 52))
    shift = rng.randrange(cell) - cell
    for row, top in enumerate(range(shift, SIDE, cell)):
        for left in range(shift + row % 2 * cell, SIDE, 2 * cell):
            box = (left, top, left + cell - 1, top + cell - 1)
            draw.rectangle(box, fill=(170, 178, 186))


def _draw_wood(draw: _Brush, rng: random.Random) -> None:
    plank = 74
    for top in range(0, SIDE, plank):
        fill = shaded((176, 134, 92), rng.uniform(0.88, 1.12))
        draw.rectangle((0, top, SIDE, top + plank - 4), fill=fill)
        for _ in range(6):
            x, y = rng.uniform(-200, SIDE), top + rng.uniform(6, plank - 10)
            end = (x + rng.uniform(120, 320), y + rng.uniform(-4, 4))
            draw.line((x, y, *end), fill=shaded(fill, 0.86), width=3)


def _draw_snow(draw: _Brush, rng: random.Random) -> None:
    across = range(-10, SIDE + 20, 10)
    for base, light in ((0.35, 0.93), (0.6, 0.97), (0.8, 1.0)):
        phase = rng.uniform(0, 2 * math.pi)
        crest = [base + 0.06 * math.sin(x / 90 + phase) for x in across]
        hill = [(x, SIDE * y) for x, y in zip(across, crest, strict=True)]
        fill = shaded((246, 250, 255), light)
        draw.polygon([*hill, (SIDE, SIDE), (0, SIDE)], fill=fill)
    for spot in _scattered(70, rng):
        draw.circle(spot, rng.uniform(2, 4), fill=(255, 255, 255))


# The top's colour, the bottom's, and what draws over the fade between them.
_Scenery = tuple[Colour, Colour, Callable[[_Brush, random.Random], None]]
_SCENERY: dict[str, _Scenery] = {
    "sky": ((138, 194, 240), (216, 236, 250), _draw_sky),
    "grass": ((184, 214, 136), (136, 182, 106), _draw_grass),
    "sand": ((244, 226, 184), (226, 198, 146), _draw_sand),
    "night": ((40, 46, 108), (104, 92, 164), _draw_night),
    "bricks": ((196, 186, 178), (186, 176, 168), _draw_bricks),
    "checks": ((240, 238, 232), (226, 226, 222), _draw_checks),
    "wood": ((96, 68, 44), (96, 68, 44), _draw_wood),
    "snow": ((198, 216, 236), (226, 236, 246), _draw_snow),
}


def photographed(canvas: Image.Image, rng: random.Random) -> Image.Image:
    """Adds a lens's vignette and soft focus, and a sensor's noise.

    Args:
      canvas: RGB, `IMAGE_SIDE` pixels square.
      rng: decides how much of each.

    Returns:
      A new picture of the same mode and size.
    """
    noise = np.random.default_rng(rng.getrandbits(64)).standard_normal(
        (IMAGE_SIDE, IMAGE_SIDE, 1), dtype=np.float32
    )
    light = rng.uniform(0.94, 1.04) * (1 - rng.uniform(0.04, 0.16) * _falloff())
    pixels = np.asarray(canvas, np.float32) * light
    pixels += noise * rng.uniform(1.0, 3.5)
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    soft = rng.random() < 0.3
    return picture.filter(ImageFilter.BoxBlur(0.5)) if soft else picture


@functools.cache
def _falloff() -> np.ndarray:
    """Returns squared distances from the centre, 0 to 1, [side, side, 1]."""
    axis = np.linspace(-1, 1, IMAGE_SIDE, dtype=np.float32) ** 2
    return ((axis[:, None] + axis[None, :]) / 2)[:, :, None]


def backdrop(background: str, rng: random.Random) -> Image.Image:
    """Paints a background, RGB, `IMAGE_SIDE` pixels square."""
    top, bottom, draw = _SCENERY[background]
    canvas = gradient(top, bottom, SIDE)
    draw(ImageDraw.Draw(canvas), rng)
    return canvas.reduce(SCALE)
