"""Flickr's own files: what a line holds, and how the split lists join."""

from pathlib import Path

import pytest

from pipeline.readers import flickr
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import MalformedReference, Reference
from pipeline.readers.rejects import Reject
from tests.support import pipes


def test_flickr8k_gives_one_caption_a_line() -> None:
    line = "1_a.jpg#3\tA man , smiling  #1 ."
    assert flickr.parse_token(line) == Reference(
        image_id="1_a.jpg",
        source="1_a.jpg",
        captions=("A man , smiling  #1 .",),
        order=3,
    )


@pytest.mark.parametrize(
    "line", ["a.jpg\tx", "a.jpg#\tx", "a.jpg#0 x", "#0\tx", "x"]
)
def test_flickr8k_tells_what_is_malformed(line: str) -> None:
    with pytest.raises(MalformedReference) as caught:
        flickr.parse_token(line)
    assert str(caught.value) == (
        f"malformed-line: needs <image>#<number><tab><caption>: {line!r}"
    )


def test_flickr8k_joins_captions_and_lists(tmp_path: Path) -> None:
    tokens = tmp_path / "token.txt"
    tokens.write_bytes(
        b"a.jpg#0\tone\r\nb.jpg#0\tone\na.jpg#1\ttwo\nc.jpg#0\tx\n"
        b"not a line\nd.jpg#0\ty\n"
    )
    (tmp_path / "train").write_bytes(b"\xef\xbb\xbfa.jpg\r\nd.jpg\n\n")
    (tmp_path / "dev").write_bytes(b"b.jpg\nd.jpg\nno-captions.jpg")
    lists = {name: str(tmp_path / name) for name in ("train", "dev")}
    files = [InputFile(str(tokens))]
    with pipes.runner() as pipeline:
        good, rejects = pipeline | flickr.ReadFlickr(files, lists)
        pipes.check(
            good,
            [
                Reference("a.jpg", "a.jpg", ("one",), "train", 0),
                Reference("a.jpg", "a.jpg", ("two",), "train", 1),
                Reference("b.jpg", "b.jpg", ("one",), "dev", 0),
            ],
        )
        pipes.check(
            pipes.reasons(rejects),
            [
                ("not a line", "malformed-line"),
                ("d.jpg", "in-two-splits"),
                ("c.jpg", "unlisted"),
                ("no-captions.jpg", "listed-without-captions"),
            ],
            "rejects",
        )


def test_a_table_of_flickr30k_is_read(tmp_path: Path) -> None:
    table = tmp_path / "results.csv"
    table.write_text(
        "image_name| comment_number| comment\n"
        "1000092795.jpg| 0| Two young guys | with hair .\n"
        "1000092795.jpg| 1| Two friends .\n"
        "2199200615.jpg| 4   A dog runs across the grass .\n"
        "9.jpg| 0|  \n"
    )
    with pipes.runner() as pipeline:
        files = [InputFile(str(table))]
        good, rejects = pipeline | flickr.ReadFlickr(files, {})
        name = "1000092795.jpg"
        pipes.check(
            good,
            [
                Reference(name, name, ("Two young guys | with hair .",)),
                Reference(name, name, ("Two friends .",), order=1),
                Reference("9.jpg", "9.jpg", ("",)),
            ],
        )
        first = "image_name| comment_number| comment"
        told = "needs <image>| <number>| <caption>"
        pipes.check(
            rejects,
            [
                Reject(first, "", "first-row", "names the columns"),
                Reject(
                    "2199200615.jpg| 4   A dog runs across the grass .",
                    "",
                    "malformed-line",
                    told,
                ),
            ],
            "rejects",
        )


def test_a_table_without_a_header_loses_no_row(tmp_path: Path) -> None:
    table = tmp_path / "results.csv"
    table.write_text("1.jpg| 0| A dog .\n2.jpg| 0| A cat .\n")
    with pipes.runner() as pipeline:
        files = [InputFile(str(table))]
        good, rejects = pipeline | flickr.ReadFlickr(files, {})
        pipes.check(
            good,
            [
                Reference("1.jpg", "1.jpg", ("A dog .",)),
                Reference("2.jpg", "2.jpg", ("A cat .",)),
            ],
        )
        pipes.check(rejects, [], "rejects")


def test_lists_of_flickr30k_are_all_there_or_none(tmp_path: Path) -> None:
    captions = str(tmp_path / "results.csv")
    assert flickr.find_lists_of_30k(captions) == {}
    for name in ("train", "test"):
        (tmp_path / f"{name}.txt").touch()
    with pytest.raises(DataSetError) as caught:
        flickr.find_lists_of_30k(captions)
    assert str(caught.value) == (
        f"{tmp_path}/val.txt is missing beside the other split lists"
    )
    (tmp_path / "val.txt").touch()
    assert flickr.find_lists_of_30k(captions) == {
        "train": f"{tmp_path}/train.txt",
        "validation": f"{tmp_path}/val.txt",
        "test": f"{tmp_path}/test.txt",
    }
