"""JSON documents: items as they come, faults in one line, flat memory."""

import json
import re
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize("before", [b"", b" ", b"\n\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("padding", [0, 100, 200_000])
@pytest.mark.parametrize(
    "word",
    ["NaN", "Infinity", "-Infinity", "None", "True", "undefined", "01", "'a'"],
)
def test_a_word_that_is_no_json_is_named_with_its_place(
    tmp_path: Path, before: bytes, padding: int, word: str
) -> None:
    path = tmp_path / "a.json"
    head = before + b'{"rows": ["%s",\n\n' % (b"x" * padding)
    path.write_bytes(head + word.encode() + b"]}")
    with pytest.raises(DataSetError) as caught:
        list(documents.items(str(path), "rows"))
    told = str(caught.value)
    assert told.startswith(f"{path} is no whole JSON document: ")
    place = re.search(r"\(line (\d+), byte (\d+), at (.*)\)$", told)
    assert place, told
    assert int(place[1]) == head.count(b"\n") + 1
    assert 0 <= int(place[2]) - len(head) <= len(word)
    assert place[3] == repr(word)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            b'{"rows": [1, {"a": ',
            "parse error: premature EOF (line 1, byte 19)",
        ),
        (b"", "parse error: premature EOF (line 1, byte 0)"),
        (
            b'{"rows": ["\xff"]}',
            (
                "lexical error: invalid bytes in UTF8 string "
                "(line 1, byte 12, at '\ufffd')"
            ),
        ),
        (
            b'{"rows": [1]}\n{"rows": [2]}',
            "parse error: trailing garbage (line 2, byte 15)",
        ),
    ],
)
def test_a_fault_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(DataSetError) as caught:
        list(documents.items(str(path), "rows"))
    assert str(caught.value) == f"{path} is no whole JSON document: {told}"


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.data(),
)
def test_any_damage_is_told_with_the_path(value: Any, data: Any) -> None:
    whole = json.dumps({"rows": [value]}).encode()
    at = data.draw(st.integers(0, len(whole)))
    put = data.draw(st.binary(max_size=3) | st.sampled_from([b"NaN", b"\n"]))
    cut = data.draw(st.integers(0, 3))
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(whole[:at] + put + whole[at + cut :])
        file.flush()
        try:
            list(documents.items(file.name, "rows"))
        except DataSetError as error:
            assert file.name in str(error)
            assert "\n" not in str(error)


def test_items_carry_the_path_of_their_file(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a", "b")]
    for path in paths:
        Path(path).write_text(json.dumps({"rows": [path[-1], 1]}))
    files = [InputFile(path, "train") for path in paths]
    with pipes.runner() as pipeline:
        pipes.check(
            pipeline | documents.ReadItems(files, "rows"),
            [(path, row) for path in paths for row in (path[-1], 1)],
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
