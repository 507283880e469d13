"""Lines: which bytes are text, and which split their file names."""

import gzip
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


NAMES = ["a.txt", "part[2].jsonl", "a*b?.txt", "[1] é.txt"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_give_every_line_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int
) -> None:
    monkeypatch.setattr(lines, "_PIECE_BYTES", size)
    expected = [
        b"head",
        b"a",
        b"",
        "b\u2028é".encode(),
        b"a\rlonger line",
        b"z",
    ]
    for end in (b"\n", b"\r\n"):
        path = tmp_path / "set [1]" / name
        path.parent.mkdir(exist_ok=True)
        (path.parent / "part2.jsonl").write_text("another")
        for last in (b"", end):
            path.write_bytes(end.join(expected) + last)
            found = [
                line
                for piece in lines.pieces(str(path))
                for line in lines.read(piece)
            ]
            assert found == expected
    path.write_bytes(b"")
    assert list(lines.pieces(str(path))) == []


@pytest.mark.parametrize("name", ["a.gz", "b[1].gz"])
def test_a_compressed_file_is_one_piece(tmp_path: Path, name: str) -> None:
    with gzip.open(tmp_path / name, "wb") as file:
        file.write(b"head\na\nb")
    (piece,) = lines.pieces(str(tmp_path / name))
    assert list(lines.read(piece)) == [b"head", b"a", b"b"]
    with pipes.runner() as pipeline:
        read = pipeline | lines.ReadLines([piece.path])
        pipes.check(read, [b"head", b"a", b"b"])
