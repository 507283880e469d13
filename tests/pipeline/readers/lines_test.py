"""Lines: which bytes are text, and which split their file names."""

from pathlib import Path

import pytest

from pipeline.readers import lines
from pipeline.readers.annotation_files import InputFile
from pipeline.readers.reference import MalformedReference, Reference
from tests.support import pipes


def test_lines_are_utf8_with_or_without_a_mark() -> None:
    assert lines.decode("é".encode()) == "é"
    assert lines.decode("é".encode("utf-8-sig")) == "é"
    with pytest.raises(MalformedReference) as caught:
        lines.decode("café".encode("latin-1"))
    assert caught.value.reason == "malformed-line"
    assert caught.value.detail.startswith("is not UTF-8 (")
    assert caught.value.where == "caf\ufffd"


def parse(line: str) -> Reference:
    return Reference(line, line, (line,), "own" if line == "c" else "")


def test_a_file_may_decide_the_split(tmp_path: Path) -> None:
    for name, text in (("1", "a\n"), ("2", "b\n\n"), ("3", "c\nd")):
        (tmp_path / name).write_text(text)
    files = [
        InputFile(str(tmp_path / "1"), "train"),
        InputFile(str(tmp_path / "2"), "test"),
        InputFile(str(tmp_path / "3")),
    ]
    with pipes.runner() as pipeline:
        good, rejects = pipeline | lines.ParseLines(files, parse)
        splits = {"a": "train", "b": "test", "c": "own", "d": ""}
        pipes.check(
            good,
            [Reference(x, x, (x,), split) for x, split in splits.items()],
        )
        pipes.check(rejects, [], "rejects")
