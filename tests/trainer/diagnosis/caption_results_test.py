"""Captions and references in each of their forms, and in none."""

import json
from pathlib import Path
from typing import Any

import pytest

from trainer.diagnosis import caption_results

SAID = [{"image_id": 7, "caption": "a dog"}, {"image_id": 3, "caption": ""}]
COCO = {
    "images": [{"id": 3}, {"id": 7}],
    "annotations": [
        {"image_id": 3, "caption": "a cat", "id": 1},
        {"image_id": 7, "caption": "a dog runs", "id": 2},
        {"image_id": 7, "caption": "it runs", "id": 3},
    ],
}
OWN = [
    {"id": 3, "image": "3.jpg", "captions": ["a cat"]},
    {"id": 7, "image": "7.jpg", "captions": ["a dog runs", "it runs"]},
]
SCORED = [
    {"id": "3", "caption": "x", "references": ["a cat"]},
    {"id": "7", "caption": "y", "references": ["a dog runs", "it runs"]},
]


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def read(folder: Path, captions: str, references: str) -> Any:
    (folder / "said").write_text(captions)
    (folder / "known").write_text(references)
    return caption_results.read(str(folder / "said"), str(folder / "known"))


@pytest.mark.parametrize("said", [json.dumps(SAID), lines(SAID)])
@pytest.mark.parametrize(
    "known", [json.dumps(COCO), lines(OWN), lines(SCORED), json.dumps(OWN)]
)
def test_each_form_is_joined_by_id_in_the_captions_order(
    tmp_path: Path, said: str, known: str
) -> None:
    found = read(tmp_path, said, known)
    assert found.image_ids == ["7", "3"]
    assert found.captions == ["a dog", ""]
    assert found.references == [["a dog runs", "it runs"], ["a cat"]]


def test_an_image_may_have_several_captions(tmp_path: Path) -> None:
    more = [*SAID, {"image_id": 7, "caption": "two dogs"}]
    found = read(tmp_path, json.dumps(more), lines(OWN))
    assert found.sets == [["a dog", "two dogs"], [""]]
    assert found.captions == ["a dog", ""]


@pytest.mark.parametrize(
    ("said", "known", "told"),
    [
        ("[7]", lines(OWN), "--captions: {said}, entry 1 is no object"),
        (
            '[{"image_id": 7}]',
            lines(OWN),
            (
                "--captions: {said}, entry 1: an object with 'image_id' and "
                "'caption' is needed"
            ),
        ),
        (
            lines(SAID) + "{",
            lines(OWN),
            (
                "--captions: {said}, line 3 is no JSON: Expecting property "
                "name "
                "enclosed in double quotes: line 1 column 2 (char 1)"
            ),
        ),
        (
            lines(SAID),
            lines(OWN[:1]),
            (
                "--references: {known} says nothing of 1 of 2 images of "
                "{said}, "
                "such as '7'"
            ),
        ),
        (
            lines(SAID),
            '{"image": "7.jpg"}',
            (
                "--references: {known}, entry 1: an object with 'image_id' and "
                "'caption', or with 'id' and 'captions', is needed"
            ),
        ),
    ],
)
def test_another_form_is_told_with_its_place(
    tmp_path: Path, said: str, known: str, told: str
) -> None:
    with pytest.raises(caption_results.ResultsError) as error:
        read(tmp_path, said, known)
    places = {name: tmp_path / name for name in ("said", "known")}
    assert str(error.value) == told.format(**places)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(caption_results.ResultsError) as error:
        caption_results.read(str(tmp_path / "no"), str(tmp_path / "known"))
    assert str(error.value) == f"--captions: no such file: {tmp_path / 'no'}"
