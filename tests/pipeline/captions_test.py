"""Caption lines: what they give, what is refused, and how parts merge."""

import dataclasses
import itertools
import json
from typing import Any

import pytest

from pipeline import captions

GOOD = {"image": "a/1.jpg", "captions": ["a dog"]}


def refused(row: Any) -> captions.MalformedReference:
    line = row if isinstance(row, str) else json.dumps(row)
    with pytest.raises(captions.MalformedReference) as caught:
        captions.parse_jsonl(line)
    return caught.value


def test_jsonl_names_an_image_by_its_path() -> None:
    line = json.dumps({"image": "a/1.jpg", "captions": [" a dog ", "", "it"]})
    assert captions.parse_jsonl(line) == captions.Reference(
        image_id="a/1.jpg", source="a/1.jpg", captions=("a dog", "it")
    )


@pytest.mark.parametrize(
    ("given", "image_id"),
    [("x", "x"), (7, "7"), (0, "0"), (None, "a/1.jpg"), ("", "a/1.jpg")],
)
def test_jsonl_takes_an_id_of_its_own(given: Any, image_id: str) -> None:
    line = json.dumps(GOOD | {"id": given})
    assert captions.parse_jsonl(line).image_id == image_id


@pytest.mark.parametrize(
    ("given", "split"), [("test", "test"), ("", ""), (None, ""), ("a-1", "a-1")]
)
def test_jsonl_takes_a_split_of_its_own(given: Any, split: str) -> None:
    line = json.dumps(GOOD | {"split": given})
    assert captions.parse_jsonl(line).split == split


def test_jsonl_keeps_what_people_write() -> None:
    text = 'Ein "Hündchen"\tläuft – 犬 🐕'
    line = json.dumps({"image": "日本/犬.jpg", "captions": [text]})
    reference = captions.parse_jsonl(line)
    assert (reference.source, reference.captions) == ("日本/犬.jpg", (text,))


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("not json", "needs 'image' and 'captions' (JSONDecodeError("),
        ('{"image": "a.jpg"', "needs 'image' and 'captions' (JSONDecodeError("),
        ("[" * 100_000, "needs 'image' and 'captions' (RecursionError("),
        ([], "needs 'image' and 'captions' (TypeError("),
        ("7", "needs 'image' and 'captions' (TypeError("),
        ({"captions": ["x"]}, "(KeyError('image'))"),
        ({"image": "a.jpg"}, "(KeyError('captions'))"),
        (GOOD | {"image": 7}, "'image' is a path, 'captions' a list"),
        (GOOD | {"image": ""}, "'image' is a path, 'captions' a list"),
        (GOOD | {"captions": "x"}, "'image' is a path, 'captions' a list"),
        (GOOD | {"captions": [7]}, "'image' is a path, 'captions' a list"),
        (GOOD | {"id": ["x"]}, "'id' is text or a number"),
        (GOOD | {"split": "../a"}, "'split' is one word"),
        (GOOD | {"split": 1}, "'split' is one word"),
        (
            GOOD | {"captions": ["\ud83d"]},
            "half of a surrogate pair is no text",
        ),
        (GOOD | {"id": "\ud83d"}, "half of a surrogate pair is no text"),
    ],
)
def test_jsonl_tells_what_is_malformed(row: Any, detail: str) -> None:
    error = refused(row)
    assert error.reason == "malformed-line"
    assert detail in error.detail


def test_a_malformed_line_is_quoted_by_its_start() -> None:
    error = refused("x" * 500)
    assert error.where == "x" * 120
    assert str(error).startswith("malformed-line: needs 'image' and 'captions'")
    assert str(error).endswith(f": {'x' * 120!r}")


@pytest.mark.parametrize("texts", [[], [""], [" ", "\t"]])
def test_an_image_without_captions_is_refused(texts: list[str]) -> None:
    error = refused({"image": "a.jpg", "captions": texts})
    assert str(error) == "no-captions: no caption has text: 'a.jpg'"


@pytest.mark.parametrize(
    "source",
    [
        "../a.jpg",
        "a/../../b.jpg",
        "a\\..\\b.jpg",
        "..",
        "/etc/passwd",
        "gs://bucket/a.jpg",
        "file:///a.jpg",
    ],
)
def test_a_source_stays_under_the_image_root(source: str) -> None:
    error = refused({"image": source, "captions": ["x"]})
    assert error.reason == "outside-image-root"
    assert error.detail == "the image must lie under --images"
    assert error.where == source
    with pytest.raises(
        captions.MalformedReference, match="^outside-image-root"
    ):
        captions.parse_flickr8k(f"{source}#0\tx")


@pytest.mark.parametrize("source", ["a..b.jpg", "...jpg", "a/.b/c.jpg", "~/a"])
def test_dots_that_do_not_climb_are_allowed(source: str) -> None:
    captions.check_source(source)


def test_flickr8k_gives_one_caption_a_line() -> None:
    line = "1_a.jpg#3\tA man , smiling  #1 ."
    assert captions.parse_flickr8k(line) == captions.Reference(
        image_id="1_a.jpg",
        source="1_a.jpg",
        captions=("A man , smiling  #1 .",),
        order=3,
    )


@pytest.mark.parametrize(
    "line", ["a.jpg\tx", "a.jpg#\tx", "a.jpg#0 x", "#0\tx", "a.jpg#0\t  ", "x"]
)
def test_flickr8k_tells_what_is_malformed(line: str) -> None:
    with pytest.raises(captions.MalformedReference) as caught:
        captions.parse_flickr8k(line)
    assert str(caught.value) == (
        f"malformed-line: needs <image>#<number><tab><caption>: {line!r}"
    )


def test_lines_are_utf8_with_or_without_a_mark() -> None:
    assert captions.decode("é".encode()) == "é"
    assert captions.decode("é".encode("utf-8-sig")) == "é"
    with pytest.raises(captions.MalformedReference) as caught:
        captions.decode("café".encode("latin-1"))
    assert caught.value.reason == "malformed-line"
    assert caught.value.detail.startswith("is not UTF-8 (")
    assert caught.value.where == "caf\ufffd"


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
