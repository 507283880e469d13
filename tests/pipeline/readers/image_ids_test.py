"""Ids: what is one, and what becomes of one that several images share."""

from typing import Any

import pytest

from pipeline.readers import image_ids
from pipeline.readers.reference import Reference


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        ("", ""),
        ("  ", ""),
        (" a ", "a"),
        (0, "0"),
        (-7, "-7"),
        (7.0, "7"),
        (1e15, "1000000000000000"),
        ("null", "null"),
    ],
)
def test_an_id_is_text(value: Any, told: str) -> None:
    assert image_ids.identity(value) == told


@pytest.mark.parametrize(
    "value", [True, False, 0.5, float("nan"), float("inf"), [], {}, b"a"]
)
def test_others_are_no_ids(value: Any) -> None:
    with pytest.raises(TypeError, match="text or a whole number"):
        image_ids.identity(value)


def test_images_of_one_id_go_by_their_paths() -> None:
    parts = [
        Reference("1", "b.jpg", ("x",), "train", 1),
        Reference("1", "a.jpg", ("y",), "test"),
        Reference("1", "b.jpg", ("z",), "train", 0),
    ]
    assert list(image_ids.part(parts)) == [
        [Reference("a.jpg", "a.jpg", ("y",), "test")],
        [
            Reference("b.jpg", "b.jpg", ("z",), "train", 0),
            Reference("b.jpg", "b.jpg", ("x",), "train", 1),
        ],
    ]


def test_an_image_in_several_lines_keeps_its_id() -> None:
    parts = [Reference("1", "a.jpg", (text,)) for text in "abc"]
    assert list(image_ids.part(parts)) == [parts]


def test_equal_entries_are_one() -> None:
    one = Reference("1", "a.jpg", ("x", "x", "y"))
    other = Reference("1", "a.jpg", ("y", "z"))
    assert image_ids.merge_captions([one]) == one
    for parts in ([one, one], [one, other], [other, one]):
        merged = image_ids.merge_captions(parts)
        assert merged.captions == tuple("xyz")[: len(set(parts)) + 1]
