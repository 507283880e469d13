"""Scenes, and the file that holds them."""

import dataclasses
from pathlib import Path

import pytest

from pipeline.scenes import judge, truth
from pipeline.scenes.truth import Scene
from tests.support.drawn_scenes import CAR, SCENE, SCENES, STAR


def test_overlap_decides_what_is_in_front() -> None:
    front = dataclasses.replace(STAR, x=80, covers=(0,))
    scene = Scene("overlap", "sky", (CAR, front))
    assert scene.clear_relations(1, 0) == ["front"]
    assert scene.clear_relations(0, 1) == ["behind"]
    assert judge.judge("a star in front of a car", scene).true == 3
    assert judge.judge("a star behind a car", scene).true == 2


def test_relations_are_stated_only_when_plain() -> None:
    near = dataclasses.replace(STAR, x=CAR.x + 40)
    slanting = dataclasses.replace(STAR, x=CAR.x + 80, y=CAR.y + 70)
    assert Scene("near", "sky", (CAR, near)).clear_relations(0, 1) == []
    assert Scene("slant", "sky", (CAR, slanting)).clear_relations(0, 1) == []
    assert SCENE.clear_relations(0, 1) == ["left"]


def test_truth_file_gives_scenes_back(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text("".join(scene.to_json() + "\n" for scene in SCENES))
    assert truth.read_truth(path) == {scene.id: scene for scene in SCENES}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: Expecting"),
        ("[]", "line 2: not a scene"),
        ("{}", "line 2: not a scene: KeyError"),
        ('{"id": "x", "objects": []}', "line 2: not a scene.*background"),
        (
            SCENE.to_json().replace("one", "two").replace("red", "mauve"),
            "line 2: colour 'mauve' is none of red, orange",
        ),
        (
            SCENE.to_json().replace("one", "two").replace("sand", "mud"),
            "line 2: background 'mud' is none of sky",
        ),
        (SCENE.to_json(), "line 2: id 'one' again"),
    ],
)
def test_damaged_truth_is_refused(
    tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(f"{SCENE.to_json()}\n{line}\n")
    with pytest.raises(ValueError, match=message):
        truth.read_truth(path)


def test_missing_truth_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere.jsonl"):
        truth.read_truth(tmp_path / "nowhere.jsonl")
