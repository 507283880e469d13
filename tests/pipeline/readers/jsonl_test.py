"""JSONL: what a line holds, what is refused, what lines may share."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.readers import jsonl
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import MalformedReference, Reference
from pipeline.readers.rejects import Reject
from tests.support import fixtures, pipes

GOOD = {"image": "a/1.jpg", "captions": ["a dog"]}


def refused(row: Any) -> MalformedReference:
    line = row if isinstance(row, str) else json.dumps(row)
    with pytest.raises(MalformedReference) as caught:
        jsonl.parse(line)
    return caught.value


def test_jsonl_names_an_image_by_its_path() -> None:
    line = json.dumps({"image": "a/1.jpg", "captions": [" a dog ", "", "it"]})
    assert jsonl.parse(line) == Reference(
        image_id="a/1.jpg", source="a/1.jpg", captions=("a dog", "", "it")
    )


@pytest.mark.parametrize(
    ("given", "image_id"),
    [("x", "x"), (7, "7"), (0, "0"), (None, "a/1.jpg"), ("", "a/1.jpg")],
)
def test_jsonl_takes_an_id_of_its_own(given: Any, image_id: str) -> None:
    line = json.dumps(GOOD | {"id": given})
    assert jsonl.parse(line).image_id == image_id


@pytest.mark.parametrize(
    ("given", "split"), [("test", "test"), ("", ""), (None, ""), ("a-1", "a-1")]
)
def test_jsonl_takes_a_split_of_its_own(given: Any, split: str) -> None:
    line = json.dumps(GOOD | {"split": given})
    assert jsonl.parse(line).split == split


def test_jsonl_keeps_what_people_write() -> None:
    text = 'Ein "Hündchen"\tläuft – 犬 🐕'
    line = json.dumps({"image": "日本/犬.jpg", "captions": [text]})
    reference = jsonl.parse(line)
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
        (GOOD | {"image": 7}, "'image' must be a path"),
        (GOOD | {"image": ""}, "'image' must be a path"),
        (
            GOOD | {"captions": "x"},
            "'captions' must be a list of texts, not a text",
        ),
        (GOOD | {"captions": [7]}, "'captions' must be a list of texts"),
        (GOOD | {"captions": {"x": 1}}, "'captions' must be a list of texts"),
        (GOOD | {"id": ["x"]}, "'id' must be text or a whole number"),
        (GOOD | {"id": True}, "'id' must be text or a whole number"),
        (GOOD | {"id": 1.5}, "'id' must be text or a whole number"),
        (GOOD | {"split": "../a"}, "'split' must be one word"),
        (GOOD | {"split": 1}, "'split' must be one word"),
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            json.dumps([GOOD]),
            "line: `jq -c '.[]'` turns the one into the other",
        ),
        ("\ufeff\n[\n  {", "is a JSON list, and --dataset=jsonl needs"),
        (
            json.dumps({"images": [{"id": 1, "file_name": "a.jpg"}]}, indent=1),
            "needs an object a line: use --dataset=coco",
        ),
        (
            json.dumps({"images": [{"filename": "a.jpg", "sentences": []}]}),
            "use --dataset=karpathy",
        ),
    ],
)
def test_one_document_is_told_with_what_to_do(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "captions.json"
    path.write_text(text)
    with pytest.raises(DataSetError) as caught:
        jsonl.check(InputFile(str(path)))
    assert str(caught.value).startswith(f"{path} is ")
    assert told in str(caught.value)


@pytest.mark.parametrize("text", ["", "{}\n", "[]\n{}", "{\n", "\xff\n"])
def test_lines_are_left_to_the_reader(tmp_path: Path, text: str) -> None:
    path = tmp_path / "captions.jsonl"
    for line in (text, text + json.dumps(GOOD)):
        path.write_text(line, encoding="latin-1")
        jsonl.check(InputFile(str(path)))


def test_a_malformed_line_is_quoted_by_its_start() -> None:
    error = refused("x" * 500)
    assert error.where == "x" * 120
    assert str(error).startswith("malformed-line: needs 'image' and 'captions'")
    assert str(error).endswith(f": {'x' * 120!r}")


def test_jsonl_is_read_with_its_rejects(tmp_path: Path) -> None:
    rows = [
        {"image": "a.jpg", "captions": ["one", "two"], "split": "test"},
        {"image": "b.jpg", "captions": ["thr\u00e9e"]},
        {"image": "d.jpg", "captions": []},
    ]
    path = fixtures.write_jsonl(tmp_path / "c.jsonl", rows)
    with path.open("ab") as file:
        file.write(b"\n   \r\nbroken\r\n")
        file.write(
            '{"image": "e", "captions": ["caf\u00e9"]}'.encode("latin-1")
        )
    with pipes.runner() as pipeline:
        good, rejects = pipeline | jsonl.ReadJsonl([InputFile(str(path))])
        pipes.check(
            good,
            [
                Reference("a.jpg", "a.jpg", ("one", "two"), "test"),
                Reference("b.jpg", "b.jpg", ("thr\u00e9e",)),
                Reference("d.jpg", "d.jpg", ()),
            ],
        )
        pipes.check(
            pipes.reasons(rejects),
            [
                ("broken", "malformed-line"),
                ('{"image": "e", "captions": ["caf\ufffd"]}', "malformed-line"),
            ],
            "rejects",
        )


def test_jsonl_lines_may_share_an_image_but_not_split_it(
    tmp_path: Path,
) -> None:
    rows = [
        {"image": "a.jpg", "captions": ["one"], "split": "train"},
        {"image": "b.jpg", "captions": ["one"], "split": "train"},
        {"image": "a.jpg", "captions": ["two"], "split": "train"},
        {"image": "b.jpg", "captions": ["two"], "split": "test"},
        {"image": "c.jpg", "captions": ["one"]},
        {"image": "c.jpg", "captions": ["two"], "split": "test"},
    ]
    path = fixtures.write_jsonl(tmp_path / "c.jsonl", rows)
    with pipes.runner() as pipeline:
        good, rejects = pipeline | jsonl.ReadJsonl([InputFile(str(path))])
        pipes.check(
            good,
            [
                Reference("a.jpg", "a.jpg", (text,), "train")
                for text in ("one", "two")
            ],
        )
        pipes.check(
            rejects,
            [
                Reject(name, name, "in-two-splits", detail)
                for name, detail in (
                    ("b.jpg", "named by ['test', 'train']"),
                    ("c.jpg", "named by ['', 'test']"),
                )
            ],
            "rejects",
        )
