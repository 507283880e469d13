"""References: how the parts of one image merge."""

import dataclasses
import itertools
from typing import Any

import pytest

from pipeline.readers import captions


def test_parts_merge_in_any_order() -> None:
    parts = [
        captions.Reference("a", "a.jpg", ("first",), "train", 0),
        captions.Reference("a", "a.jpg", ("second",), "train", 1),
        captions.Reference("a", "a.jpg", ("third", "and more"), "train", 2),
    ]
    whole = captions.Reference(
        "a", "a.jpg", ("first", "second", "third", "and more"), "train"
    )
    for order in itertools.permutations(parts):
        assert captions.merge(order) == whole


def test_parts_without_an_order_merge_alphabetically() -> None:
    parts = [captions.Reference("a", "a.jpg", (text,)) for text in "bca"]
    for order in itertools.permutations(parts):
        assert captions.merge(order).captions == ("a", "b", "c")


@pytest.mark.parametrize("change", [{"source": "b.jpg"}, {"split": "test"}])
def test_parts_that_disagree_do_not_merge(change: dict[str, Any]) -> None:
    part = captions.Reference("a", "a.jpg", ("x",), "train")
    other = dataclasses.replace(part, **change)
    with pytest.raises(captions.MalformedReference) as caught:
        captions.merge([part, other])
    assert caught.value.reason == "conflicting-references"
    assert caught.value.where == "a"
    places = sorted([("a.jpg", "train"), (other.source, other.split)])
    assert caught.value.detail == f"stands for {places}"


def test_a_part_of_a_file_has_its_own_uri() -> None:
    part = captions.Reference("a", "1.tar", ("x",), offset=512, length=9)
    assert part.uri == "1.tar#bytes=512+9"
    assert dataclasses.replace(part, offset=0, length=-1).uri == "1.tar"
    with pytest.raises(
        captions.MalformedReference, match="^conflicting-references"
    ):
        captions.merge([part, dataclasses.replace(part, offset=0)])
