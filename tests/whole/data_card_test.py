"""The data card of sound scenes, and of scenes with one defect each."""

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from pipeline.card import data_card, suspicious_pairs
from pipeline.card.data_card import DataCard
from pipeline.encoders import encoder as encoder_lib
from pipeline.findings.finding import Finding
from pipeline.scenes import dataset
from pipeline.scenes import words as words_lib
from tests.support import fixtures, jobs

Row = dict[str, Any]

_TRAIN, _VALIDATION = 240, 110


@dataclasses.dataclass(frozen=True)
class World:
    """Sound scenes on disk, and an encoder that sees their colours."""

    folder: Path
    encoder: Path
    rows: Sequence[Row]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("sound")
    config = dataset.SceneConfig(_TRAIN, _VALIDATION, test=0, composition=0)
    dataset.write(folder / "scenes", config)
    lines = (folder / "scenes" / "captions.jsonl").read_text().splitlines()
    encoder = _save_colours(folder / "colours.keras")
    return World(folder / "scenes", encoder, list(map(json.loads, lines)))


def _save_colours(path: Path) -> Path:
    """A model of 32 x 32 pixels: how much of some colours each cell has."""
    draw = np.random.default_rng(0)
    kernel = draw.normal(size=(3, 48))
    colours = draw.random((48, 3))
    bias = -np.einsum("ic,ci->i", colours, kernel)
    pixels = keras.Input((32, 32, 3))
    near = keras.layers.Conv2D(48, 1, activation="relu")
    cells = keras.layers.AveragePooling2D(8)
    grid = cells(near(keras.layers.Rescaling(1 / 255)(pixels)))
    near.set_weights([kernel[None, None], bias])
    keras.Model(pixels, grid, name="colours").save(path)
    return path


def _appraise(
    folder: Path,
    encoder: str,
    images: Path,
    rows: Sequence[Row],
    more: Sequence[str] = (),
) -> DataCard:
    """Runs the whole job; returns its card."""
    folder.mkdir(exist_ok=True)
    flags = {
        "annotations": fixtures.write_jsonl(folder / "captions.jsonl", rows),
        "images": images,
        "encoder": encoder,
        "output": folder / "records",
        "num_shards": 2,
        "thumbnail_side": 0,
    }
    given = (f"--{name}={value}" for name, value in flags.items())
    ended = jobs.run(*given, *more)
    assert ended.code == 0, ended.errors
    return data_card.load(str(folder / "records"))


def _bad(card: DataCard) -> list[Finding]:
    """Findings that say something of more than this set's size."""
    findings = [each for each in card.findings if each.level != "ok"]
    return [each for each in findings if each.slug != "too-few-images"]


Damage = Callable[[World, Path], tuple[Path, Sequence[Row]]]


def _captioned(
    world: World, captions: Callable[[Row, int], Sequence[str]]
) -> tuple[Path, Sequence[Row]]:
    rows = [
        row | {"captions": captions(row, number)}
        for number, row in enumerate(world.rows)
    ]
    return world.folder, rows


def _redundant(world: World, _: Path) -> tuple[Path, Sequence[Row]]:
    return _captioned(world, lambda row, _: row["captions"][:1] * 5)


def _mismatched(world: World, _: Path) -> tuple[Path, Sequence[Row]]:
    """Gives every image the captions of the next."""
    rows = world.rows
    return _captioned(world, lambda _, number: rows[number - 1]["captions"])


def _partly_mismatched(world: World, _: Path) -> tuple[Path, Sequence[Row]]:
    """Gives every third train image the captions of the third after it."""
    rows = world.rows
    return _captioned(
        world,
        lambda row, number: (
            rows[(number + 3) % _TRAIN]["captions"]
            if number < _TRAIN and number % 3 == 0
            else row["captions"]
        ),
    )


def _shape(row: Row) -> str:
    words = " ".join(row["captions"]).split()
    return next((w for w in words if w in words_lib.SHAPES), "thing")


def _templated(world: World, _: Path) -> tuple[Path, Sequence[Row]]:
    colours = sorted(words_lib.COLOURS)

    def captions(row: Row, _: int) -> Sequence[str]:
        said = row["captions"][0]
        colour = next((each for each in colours if each in said), "plain")
        return [f"there is a {colour} {_shape(row)} in the picture"] * 5

    return _captioned(world, captions)


def _tiny_vocabulary(world: World, _: Path) -> tuple[Path, Sequence[Row]]:
    colours = sorted(words_lib.COLOURS)

    def captions(row: Row, _: int) -> Sequence[str]:
        said = row["captions"][0].split()
        named = [each for each in said if each in colours] or ["no"]
        text = named[0]
        return [text, f"a {text}", f"one {text}", f"{text} a", f"{text} one"]

    return _captioned(world, captions)


def _one_caption(world: World, _: Path) -> tuple[Path, Sequence[Row]]:
    said = ["image not available"] * 5
    return _captioned(
        world, lambda row, number: row["captions"] if number % 3 else said
    )


def _single(world: World, _: Path) -> tuple[Path, Sequence[Row]]:
    return _captioned(world, lambda row, _: row["captions"][:1])


def _foreign(world: World, _: Path) -> tuple[Path, Sequence[Row]]:
    """Lets validation speak words that train does not have."""
    return _captioned(
        world,
        lambda row, _: (
            [f"{text} im bild" for text in row["captions"]]
            if row["split"] == "validation"
            else row["captions"]
        ),
    )


def _blank(world: World, folder: Path) -> tuple[Path, Sequence[Row]]:
    (folder / "images").mkdir(parents=True)
    for row in world.rows:
        grey = Image.new("RGB", (64, 64), (128, 128, 128))
        grey.save(folder / row["image"], quality=90)
    return folder, world.rows


def _leaked(world: World, folder: Path) -> tuple[Path, Sequence[Row]]:
    """Saves half of validation's images from train's, more compressed."""
    shutil.copytree(world.folder, folder)
    train, held = world.rows[:_TRAIN], world.rows[_TRAIN:]
    for one, other in zip(train, held[::2], strict=False):
        picture = Image.open(world.folder / one["image"])
        picture.save(folder / other["image"], quality=60)
    return folder, world.rows


def _repeated(world: World, folder: Path) -> tuple[Path, Sequence[Row]]:
    """Stands every fourth train image twice."""
    again = [
        row | {"id": row["id"] + " again"} for row in world.rows[:_TRAIN:4]
    ]
    return world.folder, [*world.rows, *again]


def test_sound_scenes_have_no_finding(world: World, tmp_path: Path) -> None:
    card = _appraise(tmp_path, str(world.encoder), world.folder, world.rows)
    assert _bad(card) == []
    facts = card.facts
    assert facts.splits["train"].images == _TRAIN
    assert facts.splits["validation"].captions == 5 * _VALIDATION
    assert facts.splits["validation"].leaked_images == 0
    assert facts.floors and facts.ladder
    assert facts.floors.pairing_z and facts.floors.pairing_z > 8
    assert facts.floors.nearest > facts.floors.permuted
    rungs = facts.ladder
    assert rungs.uniform > rungs.unigram > rungs.bigram > rungs.trigram > 1


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("damage", "first", "level", "followed"),
    [
        (_redundant, "repeated-captions", "warn", []),
        (_mismatched, "wrong-pairs", "stop", ["shuffled-pairs"]),
        (_blank, "blank-images", "stop", ["alike-features", "shuffled-pairs"]),
        (_leaked, "leaked-split", "stop", []),
        pytest.param(
            *(_tiny_vocabulary, "tiny-vocabulary", "stop"),
            ["templated-captions"],
            marks=SLOW,
        ),
        pytest.param(
            *(_templated, "templated-captions", "warn", ["repeated-captions"]),
            marks=SLOW,
        ),
        pytest.param(
            *(_one_caption, "one-caption", "warn", ["templated-captions"]),
            marks=SLOW,
        ),
        pytest.param(_single, "few-captions", "warn", [], marks=SLOW),
        pytest.param(_foreign, "unknown-words", "warn", [], marks=SLOW),
        pytest.param(_repeated, "repeated-images", "warn", [], marks=SLOW),
    ],
)
def test_a_defect_is_the_first_finding(
    world: World,
    tmp_path: Path,
    damage: Damage,
    first: str,
    level: str,
    followed: list[str],
) -> None:
    images, rows = damage(world, tmp_path / "damaged")
    card = _appraise(tmp_path / "job", str(world.encoder), images, rows)
    bad = _bad(card)
    told = [(each.slug, each.level, each.value) for each in bad]
    assert bad and bad[0].slug == first, told
    assert bad[0].level == level, told
    assert bad[0].advice
    assert set(followed) <= set(bad[0].consequences), told
    under = [each.slug for each in bad[1 : 1 + len(bad[0].consequences)]]
    assert [slug for slug in bad[0].consequences if slug in under] == under
    if level == "stop":
        assert card.level == "stop"


def test_a_share_of_wrong_pairs_is_told_and_can_be_left_out(
    world: World, tmp_path: Path
) -> None:
    images, rows = _partly_mismatched(world, tmp_path)
    card = _appraise(tmp_path / "job", str(world.encoder), images, rows)
    assert [each.slug for each in _bad(card)] == ["wrong-pairs"]
    pairs = card.facts.pairs
    assert pairs and pairs.low < 1 / 3 < pairs.high
    path = tmp_path / "job" / "records" / suspicious_pairs.FILE
    listed = [json.loads(line) for line in path.read_text().splitlines()]
    struck = {row["id"] for row in rows[:_TRAIN:3]}
    found = [row["image_id"] in struck for row in listed]
    assert sum(found) > 0.7 * len(struck)
    assert sum(found) > 0.75 * len(found)
    flags = (f"--drop_pairs={path}", "--overwrite")
    again = _appraise(tmp_path / "job", str(world.encoder), images, rows, flags)
    assert again.facts.splits["train"].images == _TRAIN - len(listed)
    assert again.facts.pairs and again.facts.pairs.low < pairs.low / 2


@pytest.mark.slow
def test_the_default_encoder_tells_swapped_pairs(
    world: World, tmp_path: Path
) -> None:
    """Of sound ones it tells nothing: see card_shown_test."""
    images, rows = _mismatched(world, tmp_path)
    card = _appraise(tmp_path, encoder_lib.DEFAULT, images, rows)
    slugs = [each.slug for each in _bad(card)]
    assert slugs == ["wrong-pairs", "shuffled-pairs"]
