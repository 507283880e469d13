"""Paints the objects of a scene; measures what they hide of each other."""

import dataclasses
import functools
import random
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pipeline.scenes.paint import SCALE, Colour, gradient, shaded
from pipeline.scenes.truth import Scene, SceneObject
from pipeline.scenes.words import IMAGE_SIDE

_RGB = {
    "red": (235, 20, 30),
    "orange": (255, 140, 0),
    "yellow": (255, 230, 20),
    "green": (10, 165, 60),
    "blue": (10, 80, 245),
    "white": (252, 252, 252),
}
# Smallest and largest diameter of an object, in pixels of the image.
DIAMETER = {"small": (66, 76), "large": (106, 118)}
# Each part is 'tone form numbers', in a square of side 100. Tones: the body's
# texture (b), a darker shade (s), pale (l), dark (k), cut out (x). Forms: the
# box of an ellipse (e), that of an upper half ellipse (c), a polygon (p).
_PARTS = {
    "ball": "b e 3 3 97 97",
    "boat": "k p 47 2 53 2 53 70 47 70; b p 56 4 96 60 56 60;"
    "b p 44 16 44 60 8 60; s p 2 66 98 66 80 96 20 96",
    "car": "b p 1 60 14 54 28 28 68 28 84 52 99 60 99 80 1 80;"
    "l p 32 34 47 34 47 53 22 53; l p 52 34 65 34 77 53 52 53;"
    "k e 12 64 38 90; k e 62 64 88 90; l e 20 72 30 82; l e 70 72 80 82",
    "fish": "s p 26 34 52 8 64 34; b p 60 52 99 18 90 52 99 86;"
    "b e 2 22 76 82; l e 12 36 28 52; k e 16 40 25 49",
    "flower": "b e 31 1 69 39; b e 57 16 95 54; b e 57 46 95 84;"
    "b e 31 61 69 99; b e 5 46 43 84; b e 5 16 43 54; k e 36 36 64 64",
    "heart": "b e 3 8 55 60; b e 45 8 97 60; b p 8 50 50 30 92 50 50 96",
    "house": "s p 70 8 82 8 82 40 70 40; b p 12 44 88 44 88 97 12 97;"
    "s p 1 48 50 4 99 48; k p 42 64 58 64 58 97 42 97;"
    "l p 20 56 35 56 35 72 20 72; l p 65 56 80 56 80 72 65 72",
    "mug": "b e 50 24 98 78; x e 62 38 86 64; b p 6 12 70 12 66 96 10 96;"
    "s e 6 4 70 20",
    "star": "b p 50 0 62 33 98 35 70 56 79 90 50 71 21 90 30 56 2 35 38 33",
    "umbrella": "k p 47 2 53 2 53 94 47 94; k p 53 86 66 80 70 84 66 94 47 98;"
    "b c 1 8 99 112; x e 1 52 34 72; x e 34 52 66 72; x e 66 52 99 72;"
    "k p 47 52 53 52 53 72 47 72",
}


@dataclasses.dataclass(frozen=True)
class Sprite:
    """A painted object.

    Attributes:
      picture: RGB; around the object it has the outline's colour.
      mask: L (8 bits a pixel), how much the object covers of each pixel.
      corner: Where the left upper corner of both lies on the canvas, (x, y) in
        pixels.
    """

    picture: Image.Image
    mask: Image.Image
    corner: tuple[int, int]

    def silhouette(self, moved: int = 0) -> Image.Image:
        """Returns the mask on an empty canvas, L, `IMAGE_SIDE` pixels square.

        Args:
          moved: pixels to move it to the right and downwards.
        """
        canvas = Image.new("L", (IMAGE_SIDE, IMAGE_SIDE))
        x, y = self.corner
        canvas.paste(self.mask, (x + moved, y + moved))
        return canvas

    def drop(self, canvas: Image.Image) -> None:
        """Pastes the object and its soft shadow on the canvas."""
        shadow = self.silhouette(4).filter(ImageFilter.BoxBlur(3))
        canvas.paste((12, 12, 32), (0, 0), _scaled(shadow, 0.42))
        canvas.paste(self.picture, self.corner, self.mask)


def _scaled(mask: Image.Image, factor: float) -> Image.Image:
    return mask.point([min(255, round(factor * at)) for at in range(256)])


def sprite(one: SceneObject, rng: random.Random) -> Sprite:
    """Paints an object; tint, turn and mirroring vary from draw to draw."""
    side = rng.randint(*DIAMETER[one.size]) * SCALE
    rgb = tuple(
        min(255, max(0, level + rng.randint(-8, 8)))
        for level in _RGB[one.colour]
    )
    edge = shaded(rgb, 0.48)
    layers = _assembled(one, side=side, rgb=rgb, edge=edge)
    if rng.random() < 0.5:
        flip = Image.Transpose.FLIP_LEFT_RIGHT
        layers = [layer.transpose(flip) for layer in layers]
    turn, smooth = rng.uniform(-12, 12), Image.Resampling.BILINEAR
    picture = layers[0].rotate(turn, smooth, expand=True, fillcolor=edge)
    mask = layers[1].rotate(turn, smooth, expand=True)
    picture, mask = picture.reduce(SCALE), mask.reduce(SCALE)
    corner = (one.x - mask.width // 2, one.y - mask.height // 2)
    return Sprite(picture, mask, corner)


def _assembled(
    one: SceneObject, *, side: int, rgb: Colour, edge: Colour
) -> list[Image.Image]:
    """Draws the parts in order; returns the picture (RGB) and its mask (L)."""
    margin = 3 * SCALE
    frame = (side + 2 * margin, side + 2 * margin)
    fills: dict[str, Any] = {
        "b": _textured(one, frame[0], rgb),
        "s": shaded(rgb, 0.74),
        "l": (196, 220, 236),
        "k": (56, 52, 60),
        "x": edge,
    }
    picture, mask = Image.new("RGB", frame, edge), Image.new("L", frame)
    for part in _PARTS[one.shape].split(";"):
        tone, form, *numbers = part.split()
        points = [float(number) * side / 100 + margin for number in numbers]
        stencil = _stencil(frame, form, points)
        mask.paste(0 if tone == "x" else 255, (0, 0), stencil)
        picture.paste(fills[tone], (0, 0), stencil)
    # Blurred and amplified, the mask is wider by the outline.
    return [picture, _scaled(mask.filter(ImageFilter.BoxBlur(SCALE)), 4)]


def _stencil(
    frame: tuple[int, int], form: str, points: list[float]
) -> Image.Image:
    stencil = Image.new("1", frame)
    draw = ImageDraw.Draw(stencil)
    if form == "p":
        draw.polygon(points, fill=1)
    elif form == "e":
        draw.ellipse(points, fill=1)
    else:
        draw.pieslice(points, 180, 360, fill=1)
    return stencil


def _textured(one: SceneObject, side: int, rgb: Colour) -> Image.Image:
    """Paints a square of the body's texture: lit from above, with its marks.

    Stripes and spots are a darker shade of the colour: white ones made the
    colours much harder to read from ImageNet features.
    """
    fill = gradient(shaded(rgb, 1.18), shaded(rgb, 0.88), side)
    draw = ImageDraw.Draw(fill)
    mark = shaded(rgb, 0.68 if one.colour == "white" else 0.58)
    step, radius = 18 * SCALE, 4.3 * SCALE
    if one.texture == "striped":
        for left in range(-side, side, step):
            right, lean = left + 7 * SCALE, 0.3 * side
            ends = (right + lean, side, left + lean, side)
            draw.polygon((left, 0, right, 0, *ends), fill=mark)
    if one.texture == "spotted":
        for row, y in enumerate(range(step // 3, side + step, step * 3 // 4)):
            for x in range(row % 2 * step // 2, side + step, step):
                draw.circle((x, y), radius, fill=mark)
    return fill


def measured(scene: Scene, sprites: list[Sprite]) -> Scene:
    """Fills in how much of each object is visible and which ones it covers."""
    areas = [np.asarray(each.silhouette()) > 127 for each in sprites]
    objects = []
    for at, (one, area) in enumerate(zip(scene.objects, areas, strict=True)):
        front = functools.reduce(np.logical_or, areas[at + 1 :], area & False)
        visible = round(1 - float((area & front).sum() / area.sum()), 3)
        covers = tuple(
            below
            for below, other in enumerate(areas[:at])
            if (area & other).sum() >= 0.06 * other.sum()
        )
        objects.append(dataclasses.replace(one, visible=visible, covers=covers))
    return dataclasses.replace(scene, objects=tuple(objects))
