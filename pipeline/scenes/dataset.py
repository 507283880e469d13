"""Renders the embedded data set: seeded scenes, five true captions each.

`python -m pipeline.scenes --output=DIR` writes `images/<id>.jpg`,
`captions.jsonl` and, last, `truth.jsonl`. Every image and its captions are a
pure function of (seed, split, index), so a larger split begins with the
smaller one. The pairs of colour and shape in `HELD_OUT` occur in the split
'composition' alone, once in each of its images.

A scene is drawn first, then its objects are painted, then its background;
then the files are written.
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
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline import progress_line
from pipeline.recordset.differences import differences
from pipeline.scenes import backgrounds, describe, words
from pipeline.scenes import objects as objects_lib
from pipeline.scenes.truth import Scene, SceneObject
from pipeline.scenes.words import IMAGE_SIDE

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

# Background -> the colour of objects that would be hard to see before it.
_UNSEEN = {
    "grass": "green",
    "sand": "yellow",
    "night": "blue",
    "bricks": "red",
    "checks": "white",
    "wood": "orange",
    "snow": "white",
}


def compose(scene_id: str, rng: random.Random, *, held_out: bool) -> Scene:
    """Draws a scene of one to three objects.

    Args:
      scene_id: the image's id.
      rng: decides everything.
      held_out: whether one object has a pair of `HELD_OUT`; else none has.
    """
    background = rng.choice(words.BACKGROUNDS)
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
    pairs = itertools.product(words.COLOURS, words.SHAPES)
    return [pair for pair in pairs if (pair in HELD_OUT) == held_out]


def _placed(
    shape: str, colour: str, others: list[SceneObject], rng: random.Random
) -> SceneObject:
    crowded = sum(each.size == "large" for each in others) == 2
    size = "small" if crowded else rng.choice(words.SIZES)
    texture = rng.choice(words.TEXTURES)
    reach = objects_lib.DIAMETER[size][1] // 2
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
    """Returns the distance of two objects; 1 where their circles touch."""
    reaches = reach + objects_lib.DIAMETER[other.size][1] / 2
    return math.dist((other.x, other.y), spot) / reaches


def render(*, seed: int, split: str, index: int) -> tuple[Scene, Image.Image]:
    """Renders one image of the data set.

    Args:
      seed: of the data set.
      split: the image's split.
      index: the image's place in its split, from 0.

    Returns:
      The scene, and its picture: RGB, `IMAGE_SIDE` pixels square.
    """
    scene_id = f"{split}-{index:05d}"
    rng = random.Random(f"{seed} {scene_id}")
    scene = compose(scene_id, rng, held_out=split == "composition")
    painted = [objects_lib.sprite(one, rng) for one in scene.objects]
    canvas = backgrounds.backdrop(scene.background, rng)
    for each in painted:
        each.drop(canvas)
    return objects_lib.measured(scene, painted), backgrounds.photographed(
        canvas, rng
    )


@dataclasses.dataclass(frozen=True)
class SceneConfig:
    """The settings; they decide every byte of the data set.

    Attributes:
      images: Images of the training split.
      validation: Images of the validation split.
      test: Images of the test split.
      composition: Images of the split with held-out pairs.
      seed: Another seed gives other images and captions.
      fault: One of `FAULTS`, a defect of the training and validation splits
        for diagnosis to find; test and composition stay sound. 'redundant'
        repeats one caption five times, 'mismatched' swaps the captions of
        neighbours, 'templated' says little in one fixed pattern, 'blank'
        leaves uniform grey images.
      fault_share: Share of those splits' images that the fault strikes.
    """

    images: int = 4000
    validation: int = 200
    test: int = 300
    composition: int = 100
    seed: int = 0
    fault: str = "none"
    fault_share: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError: unknown fault, or a share outside [0, 1]."""
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
    return [describe.describe(scene, rng) for _ in range(CAPTIONS_PER_IMAGE)]


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
        text = f"there is {words.article(shape)} {shape}"
        return [text] * CAPTIONS_PER_IMAGE
    return captions


def _write_image(
    output: Path, config: SceneConfig, job: tuple[str, int]
) -> tuple[str, str]:
    """Writes one image; returns its lines for the captions' and truth files."""
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


_Line = tuple[str, str]
_SETTINGS, _CAPTIONS, _TRUTH = "scenes.json", "captions.jsonl", "truth.jsonl"
# Raise this when the same settings begin to give other images or captions.
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
    lines = _painted(paint, jobs)
    for name, column in ((_CAPTIONS, 0), (_TRUTH, 1)):
        text = "".join(line[column] + "\n" for line in lines)
        (output / f".{name}").write_text(text, encoding="utf-8")
        (output / f".{name}").replace(output / name)
    return True


def _claimed(output: Path, config: SceneConfig, *, overwrite: bool) -> bool:
    """Prepares the folder; returns whether the data set is already there."""
    asked = {"format": _FORMAT, **dataclasses.asdict(config)}
    output.mkdir(parents=True, exist_ok=True)
    if not (output / _SETTINGS).exists() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty and holds no scenes")
    if (output / _SETTINGS).exists():
        found = _settings(output / _SETTINGS)
        if found == asked and (output / _TRUTH).exists():
            return True
        if found != asked and not overwrite:
            changed = ", ".join(map(str, differences(found, asked)))
            raise FileExistsError(
                f"{output} was made otherwise ({changed}): "
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


def _mapped(
    paint: Callable[[tuple[str, int]], _Line], jobs: list[tuple[str, int]]
) -> Iterator[_Line]:
    """Paints in order; in two processes if there are enough images for that."""
    if len(jobs) < 100:
        yield from map(paint, jobs)
        return
    context = multiprocessing.get_context("spawn")
    # Ctrl-C is for this process alone, which ends the others.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    pool = context.Pool(min(2, os.cpu_count() or 1))
    signal.signal(signal.SIGINT, before)
    with pool:
        yield from pool.imap(paint, jobs, chunksize=16)


def _painted(
    paint: Callable[[tuple[str, int]], _Line], jobs: list[tuple[str, int]]
) -> list[_Line]:
    """Paints all images while a progress line tells how many are done."""
    lines: list[_Line] = []
    started = time.monotonic()

    def progress() -> str:
        rate = len(lines) / (time.monotonic() - started)
        left = progress_line.time_left(len(jobs) - len(lines), rate)
        return f"{len(lines)}/{len(jobs)} images, {rate:.0f}/s{left}"

    with progress_line.show(progress):
        for line in _mapped(paint, jobs):
            lines.append(line)
    return lines
