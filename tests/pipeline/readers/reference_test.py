"""References: how the parts of one image merge."""

import dataclasses
import itertools
from typing import Any

import pytest

from pipeline.readers import reference


def test_parts_merge_in_any_order() -> None:
    parts = [
        reference.Reference("a", "a.jpg", ("first",), "train", 0),
        reference.Reference("a", "a.jpg", ("second",), "train", 1),
        reference.Reference("a", "a.jpg", ("third", "and more"), "train", 2),
    ]
    whole = reference.Reference(
        "a", "a.jpg", ("first", "second", "third", "and more"), "train"
    )
    for order in itertools.permutations(parts):
        assert reference.merge(order) == whole


def test_parts_without_an_order_merge_alphabetically() -> None:
    parts = [reference.Reference("a", "a.jpg", (text,)) for text in "bca"]
    for order in itertools.permutations(parts):
        assert reference.merge(order).captions == ("a", "b", "c")


@pytest.mark.parametrize("change", [{"source": "b.jpg"}, {"split": "test"}])
def test_parts_that_disagree_do_not_merge(change: dict[str, Any]) -> None:
    part = reference.Reference("a", "a.jpg", ("x",), "train")
    other = dataclasses.replace(part, **change)
    with pytest.raises(reference.MalformedReference) as caught:
        reference.merge([part, other])
    assert caught.value.reason == "conflicting-references"
    assert caught.value.where == "a"
    places = sorted([("a.jpg", "train"), (other.source, other.split)])
    assert caught.value.detail == f"stands for {places}"


def test_a_part_of_a_file_has_its_own_uri() -> None:
    part = reference.Reference("a", "1.tar", ("x",), offset=512, length=9)
    assert part.uri == "1.tar#bytes=512+9"
    assert dataclasses.replace(part, offset=0, length=-1).uri == "1.tar"
    with pytest.raises(
        reference.MalformedReference, match="^conflicting-references"
    ):
        reference.merge([part, dataclasses.replace(part, offset=0)])
