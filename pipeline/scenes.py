"""Renders the embedded data set: seeded scenes, five true captions each.

`python -m pipeline.scenes --output=DIR` writes `images/<id>.jpg`,
`captions.jsonl` and, last, `truth.jsonl`. Every image and its captions are a
pure function of (seed, split, index), so a larger split begins with the
smaller one. The pairs of colour and shape in `HELD_OUT` occur in the split
'composition' alone, once in each of its images.

In order: draw a scene, paint its objects, paint what is behind them, write.
"""

import dataclasses
import functools
import itertools
import json
import math
import multiprocessing
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags
from PIL import Image, ImageDraw, ImageFilter

from pipeline import grammar
from pipeline.grammar import IMAGE_SIDE, Scene, SceneObject

CAPTIONS_PER_IMAGE = 5
FAULTS = ("none", "redundant", "mismatched", "templated", "blank")
HELD_OUT = frozenset(
    {
        ("red", "fish"),
        ("orange", "mug"),
        ("yellow", "car"),
        ("green", "heart"),
        ("blue", "star"),
        ("white", "flower"),
    }
)

_Colour = tuple[int, ...]
_RGB = {
    "red": (235, 20, 30),
    "orange": (255, 140, 0),
    "yellow": (255, 230, 20),
    "green": (10, 165, 60),
    "blue": (10, 80, 245),
    "white": (252, 252, 252),
}
# The colour that would be hard to see before a background.
_UNSEEN = {
    "grass": "green",
    "sand": "yellow",
    "night": "blue",
    "bricks": "red",
    "checks": "white",
    "wood": "orange",
    "snow": "white",
}
_DIAMETER = {"small": (66, 76), "large": (106, 118)}
# Pictures are painted this much larger and then reduced, against jagged edges.
_SCALE = 2
_SIDE = _SCALE * IMAGE_SIDE

# Each part is 'tone form numbers' in a square of side 100. Tones: the body's
# texture (b), a darker shade (s), pale (l), dark (k), cut out (x). Forms: an
# ellipse's box (e), an upper half ellipse's box (c), a polygon (p).
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


def compose(scene_id: str, rng: random.Random, *, held_out: bool) -> Scene:
    """Draws a scene of one to three objects; `held_out` puts in such a pair."""
    background = rng.choice(grammar.BACKGROUNDS)
    count = rng.choices((1, 2, 3), weights=(20, 50, 30))[0]
    objects: list[SceneObject] = []
    while len(objects) < count:
        colour, shape = rng.choice(_pairs(held_out and not objects))
        same = [
            (colour == each.colour, shape == each.shape) for each in objects
        ]
        if colour == _UNSEEN.get(background) or (True, True) in same:
            continue
        if any(map(any, same)) and rng.random() < 0.8:
            continue
        objects.append(_placed(shape, colour, objects, rng))
    rng.shuffle(objects)
    return Scene(scene_id, background, tuple(objects))


@functools.cache
def _pairs(held_out: bool) -> list[tuple[str, str]]:
    pairs = itertools.product(grammar.COLOURS, grammar.SHAPES)
    return [pair for pair in pairs if (pair in HELD_OUT) == held_out]


def _placed(
    shape: str, colour: str, others: list[SceneObject], rng: random.Random
) -> SceneObject:
    crowded = sum(each.size == "large" for each in others) == 2
    size = "small" if crowded else rng.choice(grammar.SIZES)
    texture = rng.choice(grammar.TEXTURES)
    reach = _DIAMETER[size][1] // 2
    wanted = 0.68 if rng.random() < 0.25 else 1.05
    most, spot = -math.inf, (0, 0)
    for _ in range(60):
        x, y = (rng.randint(reach + 6, IMAGE_SIDE - reach - 6) for _ in "xy")
        room = min((_room(each, (x, y), reach) for each in others), default=9.0)
        if room > most:
            most, spot = room, (x, y)
        if room >= wanted:
            break
    return SceneObject(shape, colour, size, texture, *spot)


def _room(other: SceneObject, spot: tuple[int, int], reach: int) -> float:
    """Distance of the centres; 1 where the two circles touch."""
    reaches = reach + _DIAMETER[other.size][1] / 2
    return math.dist((other.x, other.y), spot) / reaches


@dataclasses.dataclass(frozen=True)
class _Sprite:
    """A painted object.

    Attributes:
      picture: RGB, the outline's colour wherever the object is not.
      mask: L, the object's coverage.
      corner: Of both on the canvas, pixels.
    """

    picture: Image.Image
    mask: Image.Image
    corner: tuple[int, int]

    def silhouette(self, moved: int = 0) -> Image.Image:
        """Returns the mask on the canvas, L, moved to the lower right."""
        canvas = Image.new("L", (IMAGE_SIDE, IMAGE_SIDE))
        x, y = self.corner
        canvas.paste(self.mask, (x + moved, y + moved))
        return canvas

    def drop(self, canvas: Image.Image) -> None:
        """Pastes the object and its soft shadow."""
        shadow = self.silhouette(4).filter(ImageFilter.BoxBlur(3))
        canvas.paste((12, 12, 32), (0, 0), _scaled(shadow, 0.42))
        canvas.paste(self.picture, self.corner, self.mask)


def _scaled(mask: Image.Image, factor: float) -> Image.Image:
    return mask.point([min(255, round(factor * at)) for at in range(256)])


def _shaded(colour: _Colour, factor: float) -> _Colour:
    """Darkens towards black below 1, lightens towards white above it."""
    if factor <= 1:
        return tuple(round(level * factor) for level in colour)
    return tuple(round(255 - (255 - level) * (2 - factor)) for level in colour)


def _sprite(one: SceneObject, rng: random.Random) -> _Sprite:
    side = rng.randint(*_DIAMETER[one.size]) * _SCALE
    rgb = tuple(
        min(255, max(0, level + rng.randint(-8, 8)))
        for level in _RGB[one.colour]
    )
    edge = _shaded(rgb, 0.48)
    layers = _assembled(one, side=side, rgb=rgb, edge=edge)
    if rng.random() < 0.5:
        flip = Image.Transpose.FLIP_LEFT_RIGHT
        layers = [layer.transpose(flip) for layer in layers]
    turn, smooth = rng.uniform(-12, 12), Image.Resampling.BILINEAR
    picture = layers[0].rotate(turn, smooth, expand=True, fillcolor=edge)
    mask = layers[1].rotate(turn, smooth, expand=True)
    picture, mask = picture.reduce(_SCALE), mask.reduce(_SCALE)
    corner = (one.x - mask.width // 2, one.y - mask.height // 2)
    return _Sprite(picture, mask, corner)


def _assembled(
    one: SceneObject, *, side: int, rgb: _Colour, edge: _Colour
) -> list[Image.Image]:
    """Draws the parts in order; returns the picture (RGB) and its mask (L)."""
    margin = 3 * _SCALE
    frame = (side + 2 * margin, side + 2 * margin)
    fills: dict[str, Any] = {
        "b": _textured(one, frame[0], rgb),
        "s": _shaded(rgb, 0.74),
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
    # A blur that saturates widens the mask by the outline.
    return [picture, _scaled(mask.filter(ImageFilter.BoxBlur(_SCALE)), 4)]


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


def _textured(one: SceneObject, side: int, rgb: _Colour) -> Image.Image:
    """Paints the body's square: lit from above, striped or spotted.

    The marks are a shade of the colour itself: white marks made the colours
    much harder to read from ImageNet features.
    """
    fill = _gradient(_shaded(rgb, 1.18), _shaded(rgb, 0.88), side)
    draw = ImageDraw.Draw(fill)
    mark = _shaded(rgb, 0.68 if one.colour == "white" else 0.58)
    step, radius = 18 * _SCALE, 4.3 * _SCALE
    if one.texture == "striped":
        for left in range(-side, side, step):
            right, lean = left + 7 * _SCALE, 0.3 * side
            ends = (right + lean, side, left + lean, side)
            draw.polygon((left, 0, right, 0, *ends), fill=mark)
    if one.texture == "spotted":
        for row, y in enumerate(range(step // 3, side + step, step * 3 // 4)):
            for x in range(row % 2 * step // 2, side + step, step):
                draw.circle((x, y), radius, fill=mark)
    return fill


def _gradient(top: _Colour, bottom: _Colour, side: int) -> Image.Image:
    """Fades from top to bottom over a square."""
    column = np.linspace(top, bottom, 32).round().clip(0, 255).astype(np.uint8)
    smooth = Image.Resampling.BILINEAR
    return Image.fromarray(column[:, None, :]).resize((side, side), smooth)


def _measured(scene: Scene, sprites: list[_Sprite]) -> Scene:
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


_Brush = ImageDraw.ImageDraw


def _scattered(count: int, rng: random.Random) -> Iterator[tuple[float, float]]:
    for _ in range(count):
        yield rng.uniform(0, _SIDE), rng.uniform(0, _SIDE)


def _draw_sky(draw: _Brush, rng: random.Random) -> None:
    for x, y in _scattered(5, rng):
        wide = rng.uniform(0.1, 0.18) * _SIDE
        for puff in range(-2, 3):
            radius = wide * (0.42 - 0.09 * abs(puff)) * rng.uniform(0.9, 1.2)
            centre = (x + puff * wide * 0.34, y + wide * 0.2 - 0.6 * radius)
            draw.circle(centre, radius, fill=(246, 250, 254))


def _draw_grass(draw: _Brush, rng: random.Random) -> None:
    for x, y in _scattered(260, rng):
        lean, tall = rng.uniform(-6, 6), rng.uniform(12, 26)
        fill = _shaded((136, 182, 100), rng.uniform(0.78, 1.25))
        draw.polygon((x - 3, y, x + 3, y, x + lean, y - tall), fill=fill)


def _draw_sand(draw: _Brush, rng: random.Random) -> None:
    across = range(-10, _SIDE + 20, 10)
    for base in range(0, _SIDE + 40, 40):
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
    for row in range(_SIDE // tall + 1):
        for column in range(-1, _SIDE // wide + 1):
            left, top = column * wide + row % 2 * wide // 2, row * tall
            fill = _shaded((178, 112, 96), rng.uniform(0.86, 1.12))
            box = (left + 3, top + 3, left + wide - 3, top + tall - 3)
            draw.rectangle(box, fill=fill)


def _draw_checks(draw: _Brush, rng: random.Random) -> None:
    cell = rng.choice((44, 48, 52))
    shift = rng.randrange(cell) - cell
    for row, top in enumerate(range(shift, _SIDE, cell)):
        for left in range(shift + row % 2 * cell, _SIDE, 2 * cell):
            box = (left, top, left + cell - 1, top + cell - 1)
            draw.rectangle(box, fill=(170, 178, 186))


def _draw_wood(draw: _Brush, rng: random.Random) -> None:
    plank = 74
    for top in range(0, _SIDE, plank):
        fill = _shaded((176, 134, 92), rng.uniform(0.88, 1.12))
        draw.rectangle((0, top, _SIDE, top + plank - 4), fill=fill)
        for _ in range(6):
            x, y = rng.uniform(-200, _SIDE), top + rng.uniform(6, plank - 10)
            end = (x + rng.uniform(120, 320), y + rng.uniform(-4, 4))
            draw.line((x, y, *end), fill=_shaded(fill, 0.86), width=3)


def _draw_snow(draw: _Brush, rng: random.Random) -> None:
    across = range(-10, _SIDE + 20, 10)
    for base, light in ((0.35, 0.93), (0.6, 0.97), (0.8, 1.0)):
        phase = rng.uniform(0, 2 * math.pi)
        crest = [base + 0.06 * math.sin(x / 90 + phase) for x in across]
        hill = [(x, _SIDE * y) for x, y in zip(across, crest, strict=True)]
        fill = _shaded((246, 250, 255), light)
        draw.polygon([*hill, (_SIDE, _SIDE), (0, _SIDE)], fill=fill)
    for spot in _scattered(70, rng):
        draw.circle(spot, rng.uniform(2, 4), fill=(255, 255, 255))


# From the top's colour to the bottom's, and what is drawn over them.
_Scenery = tuple[_Colour, _Colour, Callable[[_Brush, random.Random], None]]
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


def _photographed(canvas: Image.Image, rng: random.Random) -> Image.Image:
    """Adds a lens's vignette and soft focus and a sensor's noise."""
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
    """Squared distance from the centre, float32 [side, side, 1], at most 1."""
    axis = np.linspace(-1, 1, IMAGE_SIDE, dtype=np.float32) ** 2
    return ((axis[:, None] + axis[None, :]) / 2)[:, :, None]


def render(*, seed: int, split: str, index: int) -> tuple[Scene, Image.Image]:
    """Returns one scene and its picture, RGB, `IMAGE_SIDE` pixels square."""
    scene_id = f"{split}-{index:05d}"
    rng = random.Random(f"{seed} {scene_id}")
    scene = compose(scene_id, rng, held_out=split == "composition")
    sprites = [_sprite(one, rng) for one in scene.objects]
    top, bottom, scenery = _SCENERY[scene.background]
    canvas = _gradient(top, bottom, _SIDE)
    scenery(ImageDraw.Draw(canvas), rng)
    canvas = canvas.reduce(_SCALE)
    for sprite in sprites:
        sprite.drop(canvas)
    return _measured(scene, sprites), _photographed(canvas, rng)


@dataclasses.dataclass(frozen=True)
class SceneConfig:
    """What decides every byte of the data set.

    Attributes:
      images: Images of the training split.
      validation: Images of the validation split.
      test: Images of the test split.
      composition: Images of the split with held-out pairs.
      seed: Chooses other images and captions.
      fault: One of `FAULTS`, a defect of the training and validation splits
        for diagnosis to find; test and composition stay sound. 'redundant'
        repeats one caption five times, 'mismatched' swaps the captions of
        neighbours, 'templated' says little in one fixed pattern, 'blank'
        leaves uniform grey images.
      fault_share: Share of those splits' images that the fault strikes.
    """

    images: int = 2600
    validation: int = 200
    test: int = 300
    composition: int = 200
    seed: int = 0
    fault: str = "none"
    fault_share: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError for an unknown fault or a share that is none."""
        if self.fault not in FAULTS:
            known = ", ".join(FAULTS)
            raise ValueError(f"fault {self.fault!r} is none of {known}")
        if not 0 <= self.fault_share <= 1:
            raise ValueError(f"fault_share {self.fault_share} is not in [0, 1]")

    def jobs(self) -> list[tuple[str, int]]:
        """Lists (split, index) of every image, in the order of the files."""
        counts = {
            "train": self.images,
            "validation": self.validation,
            "test": self.test,
            "composition": self.composition,
        }
        return [(name, at) for name in counts for at in range(counts[name])]

    def strikes(self, split: str, index: int) -> bool:
        """Whether the fault strikes an image."""
        rng = random.Random(f"{self.seed} {split}-{index:05d} fault")
        exposed = self.fault != "none" and split in ("train", "validation")
        return exposed and rng.random() < self.fault_share


def captions_of(scene: Scene, *, seed: int) -> list[str]:
    """Draws a scene's five reference captions."""
    rng = random.Random(f"{seed} {scene.id} captions")
    return [grammar.describe(scene, rng) for _ in range(CAPTIONS_PER_IMAGE)]


def _faulty_captions(
    config: SceneConfig, scene: Scene, job: tuple[str, int]
) -> list[str]:
    if config.fault == "mismatched":
        split, index = job
        scene, _ = render(seed=config.seed, split=split, index=index ^ 1)
    captions = captions_of(scene, seed=config.seed)
    if config.fault == "redundant":
        return captions[:1] * CAPTIONS_PER_IMAGE
    if config.fault == "templated":
        shape = scene.mentionable[-1].shape
        text = f"there is {grammar.article(shape)} {shape}"
        return [text] * CAPTIONS_PER_IMAGE
    return captions


def _write_image(
    output: Path, config: SceneConfig, job: tuple[str, int]
) -> tuple[str, str]:
    """Writes one image; returns its lines of captions and of truth."""
    split, index = job
    scene, picture = render(seed=config.seed, split=split, index=index)
    captions = captions_of(scene, seed=config.seed)
    if config.strikes(split, index):
        captions = _faulty_captions(config, scene, job)
        if config.fault == "blank":
            picture = Image.new("RGB", picture.size, (128, 128, 128))
    name = f"images/{scene.id}.jpg"
    picture.save(output / name, quality=90)
    row = {"image": name, "id": scene.id, "split": split, "captions": captions}
    return json.dumps(row), scene.to_json()


_SETTINGS, _CAPTIONS, _TRUTH = "scenes.json", "captions.jsonl", "truth.jsonl"
# Raised when the same settings come to give other images or captions.
_FORMAT = 1


def write(
    output: Path, config: SceneConfig, *, overwrite: bool = False
) -> bool:
    """Writes the data set unless it is already there.

    Args:
      output: Folder, made where missing.
      config: What to render.
      overwrite: Whether to replace scenes that other settings made.

    Returns:
      Whether anything was written.

    Raises:
      FileExistsError: The folder holds other settings' scenes and `overwrite`
        is false, or files that are no scenes at all.
      ValueError: The settings file of an earlier run is damaged.
      OSError: The folder cannot be written.
    """
    if _claimed(output, config, overwrite=overwrite):
        return False
    jobs = config.jobs()
    paint = functools.partial(_write_image, output, config)
    lines = list(_watched(_mapped(paint, jobs), len(jobs)))
    for name, column in ((_CAPTIONS, 0), (_TRUTH, 1)):
        text = "".join(line[column] + "\n" for line in lines)
        (output / f".{name}").write_text(text, encoding="utf-8")
        (output / f".{name}").replace(output / name)
    return True


def _claimed(output: Path, config: SceneConfig, *, overwrite: bool) -> bool:
    """Readies the folder; returns whether it is already complete."""
    asked = {"format": _FORMAT, **dataclasses.asdict(config)}
    output.mkdir(parents=True, exist_ok=True)
    if not (output / _SETTINGS).exists() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty and holds no scenes")
    if (output / _SETTINGS).exists():
        found = _settings(output / _SETTINGS)
        if found == asked and (output / _TRUTH).exists():
            return True
        if found != asked and not overwrite:
            raise FileExistsError(
                f"{output} was made otherwise ({_changes(found, asked)}): "
                "choose another --output, or replace it with --overwrite"
            )
        (output / _TRUTH).unlink(missing_ok=True)
        shutil.rmtree(output / "images", ignore_errors=True)
    (output / _SETTINGS).write_text(json.dumps(asked) + "\n", encoding="utf-8")
    (output / "images").mkdir()
    return False


def _settings(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _changes(found: dict[str, Any], asked: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {found.get(name)!r} -> {value!r}"
        for name, value in asked.items()
        if found.get(name) != value
    )


_Line = tuple[str, str]


def _mapped(
    paint: Callable[[tuple[str, int]], _Line], jobs: list[tuple[str, int]]
) -> Iterator[_Line]:
    """Paints in order, in two processes where that is worth starting them."""
    if len(jobs) < 100:
        yield from map(paint, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(2, os.cpu_count() or 1)) as pool:
        yield from pool.imap(paint, jobs, chunksize=16)


def _watched(lines: Iterable[_Line], total: int) -> Iterator[_Line]:
    """Passes lines on and shows how far they are."""
    started = time.monotonic()
    for done, line in enumerate(lines, start=1):
        yield line
        if done % 100 == 0 or done == total:
            rate = done / (time.monotonic() - started)
            end = "\n" if done == total else ""
            print(f"\r{done}/{total} images, {rate:.0f}/s", end=end, flush=True)


def _define_flags() -> None:
    default = SceneConfig()
    flags.DEFINE_string("output", None, "Folder to write.", required=True)
    for name in ("images", "validation", "test", "composition"):
        split = "train" if name == "images" else name
        number, text = getattr(default, name), f"Images of the {split} split."
        flags.DEFINE_integer(name, number, text, lower_bound=0)
    flags.DEFINE_integer("seed", default.seed, "Chooses other images.")
    flags.DEFINE_enum("fault", default.fault, FAULTS, "Defect to plant.")
    share = "Share of the train and validation images it strikes."
    flags.DEFINE_float("fault_share", default.fault_share, share, 0, 1)
    flags.DEFINE_bool("overwrite", False, "Replace other settings' scenes.")


def main(argv: list[str]) -> None:
    """Writes the data set; one clear line and exit code 1 when it can't."""
    if len(argv) > 1:
        sys.exit(f"scenes: unexpected argument {argv[1]!r}")
    values = flags.FLAGS.flag_values_dict()
    fields = [field.name for field in dataclasses.fields(SceneConfig)]
    config = SceneConfig(**{name: values[name] for name in fields})
    output = Path(values["output"])
    try:
        written = write(output, config, overwrite=values["overwrite"])
    except (OSError, ValueError) as error:
        sys.exit(f"scenes: {error}")
    print(f"{output}: {'complete' if written else 'already complete'}")


def run() -> None:
    """Entry point of `python -m pipeline.scenes`."""
    _define_flags()
    app.run(main)


if __name__ == "__main__":
    run()
