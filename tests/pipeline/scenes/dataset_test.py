"""The rendered data set: reproducible, true, complete or refused."""

import dataclasses
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.scenes import dataset, judge, words
from pipeline.scenes import truth as truth_lib

REPOSITORY = Path(__file__).parents[3]
TINY = dataset.SceneConfig(images=6, validation=2, test=2, composition=2)


def written(output: Path, **changes: Any) -> list[dict[str, Any]]:
    dataset.write(output, dataclasses.replace(TINY, **changes))
    lines = (output / "captions.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def digest(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in output.glob("images/*")}


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.scenes", *flags]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def test_files_agree_with_each_other(tmp_path: Path) -> None:
    rows = written(tmp_path)
    truth = truth_lib.read_truth(tmp_path / "truth.jsonl")
    assert [row["id"] for row in rows] == list(truth)
    assert len(rows) == 12
    for row in rows:
        picture = Image.open(tmp_path / row["image"])
        assert (picture.size, picture.mode) == ((224, 224), "RGB")
        assert picture.format == "JPEG"
        assert row["split"] == row["id"].split("-")[0]
        assert len(row["captions"]) == 5
        for caption in row["captions"]:
            verdict = judge.judge(caption, truth[row["id"]])
            assert verdict.true == verdict.stated


def test_a_larger_data_set_begins_with_the_smaller(tmp_path: Path) -> None:
    few = written(tmp_path / "few")
    many = written(tmp_path / "many", images=9, test=4)
    assert {row["id"]: row for row in few}.items() <= {
        row["id"]: row for row in many
    }.items()
    assert digest(tmp_path / "few").items() <= digest(tmp_path / "many").items()


def test_seed_changes_the_scenes(tmp_path: Path) -> None:
    first = written(tmp_path / "first")
    second = written(tmp_path / "second", seed=1)
    assert all(
        one["captions"] != other["captions"]
        for one, other in zip(first, second, strict=True)
    )


def test_held_out_pairs_occur_in_composition_alone() -> None:
    for index in range(150):
        for split in ("train", "validation", "test", "composition"):
            rng = random.Random(f"{split} {index}")
            scene = dataset.compose("x", rng, held_out=split == "composition")
            pairs = {(each.colour, each.shape) for each in scene.objects}
            assert bool(pairs & dataset.HELD_OUT) == (split == "composition")
            assert len(pairs) == len(scene.objects)


def test_every_attribute_value_occurs() -> None:
    drawn = [
        dataset.compose("x", random.Random(seed), held_out=False)
        for seed in range(300)
    ]
    objects = [each for scene in drawn for each in scene.objects]
    assert {s.background for s in drawn} == set(words.BACKGROUNDS)
    assert {each.shape for each in objects} == set(words.SHAPES)
    assert {each.colour for each in objects} == set(words.COLOURS)
    assert {each.size for each in objects} == set(words.SIZES)
    assert {each.texture for each in objects} == set(words.TEXTURES)
    assert {len(scene.objects) for scene in drawn} == {1, 2, 3}


def test_objects_show_their_colour_where_they_stand() -> None:
    likeness = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}
    for index in range(60):
        scene, picture = dataset.render(seed=0, split="train", index=index)
        one = scene.objects[-1]
        if one.colour in likeness and one.shape in ("ball", "heart"):
            x, y = one.x, one.y
            patch = np.asarray(picture)[y - 9 : y + 9, x - 9 : x + 9]
            mean = patch.reshape(-1, 3).mean(axis=0)
            assert mean.argmax() == np.argmax(likeness[one.colour])


def test_visibility_is_measured() -> None:
    drawn = [
        dataset.render(seed=0, split="train", index=index)[0]
        for index in range(60)
    ]
    for scene in drawn:
        assert scene.objects[-1].visible == 1.0
        for at, one in enumerate(scene.objects):
            assert 0 <= one.visible <= 1
            assert all(below < at for below in one.covers)
    partly = [o for scene in drawn for o in scene.objects if o.visible < 0.97]
    covering = [o for scene in drawn for o in scene.objects if o.covers]
    assert partly
    assert covering


def test_rendering_twice_gives_the_same_pixels() -> None:
    one, other = (
        dataset.render(seed=4, split="test", index=7) for _ in range(2)
    )
    assert one[0] == other[0]
    np.testing.assert_array_equal(one[1], other[1])


def test_redundant_captions_are_copies(tmp_path: Path) -> None:
    for row in written(tmp_path, fault="redundant"):
        faulty = row["split"] in ("train", "validation")
        assert (len(set(row["captions"])) == 1) == faulty


def test_mismatched_captions_come_from_the_neighbour(tmp_path: Path) -> None:
    sound = {row["id"]: row["captions"] for row in written(tmp_path / "sound")}
    faulty = {
        row["id"]: row["captions"]
        for row in written(tmp_path / "faulty", fault="mismatched")
    }
    assert faulty["train-00000"] == sound["train-00001"]
    assert faulty["train-00001"] == sound["train-00000"]
    assert faulty["test-00000"] == sound["test-00000"]
    assert digest(tmp_path / "sound") == digest(tmp_path / "faulty")


def test_templated_captions_say_little(tmp_path: Path) -> None:
    for row in written(tmp_path, fault="templated"):
        little = all(
            caption.startswith("there is a") and len(caption.split()) == 4
            for caption in row["captions"]
        )
        assert little == (row["split"] in ("train", "validation"))


def test_blank_images_show_nothing(tmp_path: Path) -> None:
    for row in written(tmp_path, fault="blank"):
        spread = np.ptp(np.asarray(Image.open(tmp_path / row["image"])))
        assert (spread < 4) == (row["split"] in ("train", "validation"))


def test_a_share_of_the_images_may_be_struck() -> None:
    config = dataset.SceneConfig(fault="blank", fault_share=0.3)
    struck = [config.strikes("train", index) for index in range(1000)]
    assert 250 < sum(struck) < 350
    assert not any(config.strikes("test", index) for index in range(100))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fault": "rain"}, "fault 'rain' is none of none, redundant"),
        ({"fault_share": 1.5}, r"fault_share 1.5 is not in \[0, 1\]"),
    ],
)
def test_impossible_settings_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dataset.SceneConfig(**changes)


def test_a_finished_data_set_is_left_alone(tmp_path: Path) -> None:
    assert dataset.write(tmp_path, TINY)
    before = [path.stat().st_mtime_ns for path in tmp_path.rglob("*")]
    assert not dataset.write(tmp_path, TINY)
    assert before == [path.stat().st_mtime_ns for path in tmp_path.rglob("*")]


def test_an_interrupted_data_set_is_made_again(tmp_path: Path) -> None:
    dataset.write(tmp_path, TINY)
    (tmp_path / "truth.jsonl").unlink()
    assert dataset.write(tmp_path, TINY)
    assert len(truth_lib.read_truth(tmp_path / "truth.jsonl")) == 12


def test_other_settings_are_refused_or_replace(tmp_path: Path) -> None:
    dataset.write(tmp_path, TINY)
    other = dataclasses.replace(TINY, images=3, seed=9)
    message = r"made otherwise \(images 6 -> 3, seed 0 -> 9\).*--overwrite"
    with pytest.raises(FileExistsError, match=message):
        dataset.write(tmp_path, other)
    assert dataset.write(tmp_path, other, overwrite=True)
    assert len(list(tmp_path.glob("images/*.jpg"))) == 9


def test_a_folder_of_other_things_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(FileExistsError, match="not empty and holds no scenes"):
        dataset.write(tmp_path, TINY, overwrite=True)
    assert (tmp_path / "images").exists()


def test_damaged_settings_are_named(tmp_path: Path) -> None:
    (tmp_path / "scenes.json").write_text("{")
    with pytest.raises(ValueError, match="scenes.json is damaged: Expecting"):
        dataset.write(tmp_path, TINY)


def test_program_writes_and_then_finds_its_work_done(tmp_path: Path) -> None:
    counts = ("--images=2", "--validation=1", "--test=1", "--composition=1")
    flags = (f"--output={tmp_path / 'scenes'}", *counts)
    first, second, third = run(*flags), run(*flags), run(*flags, "--seed=5")
    assert first.returncode == 0, first.stderr
    # A log's line: there is no terminal.
    assert re.fullmatch(r"\S+ 5/5 images, \d+/s\n", first.stderr)
    assert second.returncode == 0
    assert "already complete" in second.stdout
    assert third.returncode == 1
    assert "seed 0 -> 5" in third.stderr


def test_program_explains_a_bad_output(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for output in ("file", "file/below"):
        result = run(f"--output={tmp_path / output}")
        assert result.returncode == 1
        assert result.stderr.startswith("scenes: ")
        assert result.stderr.count("\n") == 1


def test_program_refuses_stray_words(tmp_path: Path) -> None:
    result = run(f"--output={tmp_path}", "more")
    assert result.returncode == 1
    assert result.stderr == "scenes: unexpected argument 'more'\n"


def test_two_processes_write_what_one_does(tmp_path: Path) -> None:
    flags = ("--images=96", "--validation=2", "--test=2", "--composition=2")
    result = run(f"--output={tmp_path / 'two'}", *flags)
    assert result.returncode == 0, result.stderr
    dataset.write(tmp_path / "one", TINY)
    assert digest(tmp_path / "one").items() <= digest(tmp_path / "two").items()
