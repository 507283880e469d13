"""JSON documents: items as they come, faults in one line, flat memory."""

import json
import tracemalloc
from pathlib import Path

import pytest

from pipeline.readers import documents
from pipeline.readers.annotation_files import DataSetError, InputFile
from tests.support import pipes


def test_items_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    rows = [1, {"a": 2.5}, "\u00e9"]
    path.write_text(json.dumps({"info": {"rows": [9]}, "rows": rows}))
    assert list(documents.items(str(path), "rows")) == rows
    assert documents.first(str(path), "rows") == 1
    assert documents.first(str(path), "none") is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"rows": [1, {"a": ', "parse error: premature EOF"),
        (b"", "parse error: premature EOF"),
        (b"no json", "lexical error: invalid string in json text."),
        (
            b'{"rows": ["\xff"]}',
            "lexical error: invalid bytes in UTF8 string.",
        ),
        (b'{"rows": [1]}\n{"rows": [2]}', "parse error: trailing garbage"),
    ],
)
def test_a_fault_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(DataSetError) as caught:
        list(documents.items(str(path), "rows"))
    assert str(caught.value) == f"{path} is no whole JSON document: {told}"


def test_items_carry_the_split_of_their_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(json.dumps({"rows": [name, 1]}))
    files = [InputFile(str(tmp_path / "a"), "train")]
    files += [InputFile(str(tmp_path / "b"))]
    with pipes.runner() as pipeline:
        pipes.check(
            pipeline | documents.ReadItems(files, "rows"),
            [("train", "a"), ("train", 1), ("", "b"), ("", 1)],
        )


def peak(path: Path, num_items: int) -> int:
    """Bytes that Python holds at most while the document is read."""
    rows = [{"id": number, "text": "x" * 200} for number in range(num_items)]
    path.write_text(json.dumps({"rows": rows}))
    del rows
    tracemalloc.start()
    assert sum(1 for _ in documents.items(str(path), "rows")) == num_items
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


def test_memory_is_flat(tmp_path: Path) -> None:
    small = peak(tmp_path / "small", 2_000)
    assert peak(tmp_path / "large", 16_000) < small + 200_000
