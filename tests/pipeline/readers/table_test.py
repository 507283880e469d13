"""Tables: quoting, columns by name, damaged lines, flat memory."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
import pytest

from pipeline.readers import table
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import Reference
from tests.support import pipes

COLUMNS = table.Columns()


def reference(image: str, caption: str, split: str = "") -> Reference:
    return Reference(image, image, (caption,), split)


def test_csv_is_read_as_its_rfc_says(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"\xef\xbb\xbfid,image , caption\r\n"
        b'1,a.jpg,"one, ""two""\r\nthree"\r\n'
        b"\r\n"
        b'2,"b, c.jpg", caf\xc3\xa9 \r\n'
        b"3,a.jpg,four"
    )
    with pipes.runner() as pipeline:
        good, rejects = pipeline | table.ReadTable(
            [InputFile(str(path), "train")], COLUMNS, ","
        )
        pipes.check(
            good,
            [
                reference("a.jpg", 'one, "two"\r\nthree', "train"),
                reference("a.jpg", "four", "train"),
                reference("b, c.jpg", "caf\u00e9", "train"),
            ],
        )
        pipes.check(pipes.reasons(rejects), [("id", "unread-column")], "told")


def test_tsv_knows_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('text\tfile\tpart\n"a dog\tb.jpg\tdev\nx, "y"\tb.jpg\tdev')
    columns = table.Columns("file", "text", "part")
    with pipes.runner() as pipeline:
        good, rejects = pipeline | table.ReadTable(
            [InputFile(str(path))], columns, "\t"
        )
        pipes.check(
            good,
            [
                reference("b.jpg", '"a dog', "dev"),
                reference("b.jpg", 'x, "y"', "dev"),
            ],
        )
        pipes.check(rejects, [], "rejects")


def test_a_row_that_is_damaged_loses_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"image,caption,split\n"
        b"a.jpg,good,\n"
        b"b.jpg,short\n"
        b'c.jpg,"never closed,\n'
        b'd.jpg,"lost",\n'
        b"e.jpg,caf\xe9,\n"
        b"f.jpg,  ,\n"
        b",no image,\n"
        b"g.jpg,x,../y\n"
        b"h.jpg,good too,\n"
        b"i.jpg,in train,train\n"
        b"i.jpg,in test,test\n"
    )
    columns = table.Columns(split="split")
    with pipes.runner() as pipeline:
        good, rejects = pipeline | table.ReadTable(
            [InputFile(str(path))], columns, ","
        )
        pipes.check(
            good,
            [
                reference("a.jpg", "good"),
                reference("f.jpg", ""),
                reference("h.jpg", "good too"),
            ],
        )
        strange = "an image is a path, a split one word"
        quoted = "',' expected after '\"'"
        rows = [
            ("b.jpg,short", "malformed-row", "has 2 cells, the first row 3"),
            (f"{path}:4", "malformed-row", quoted),
            (f"{path}:5", "malformed-row", quoted),
            ("e.jpg,caf\ufffd,", "malformed-row", "is not UTF-8"),
            (",no image,", "malformed-row", strange),
            ("g.jpg,x,../y", "malformed-row", strange),
            ("i.jpg", "in-two-splits", "named by ['test', 'train']"),
        ]
        rejected = pipes.only_rejects(rejects) | beam.Map(
            lambda row: (row.image_id, row.reason, row.detail)
        )
        pipes.check(rejected, rows, "rejects")


def test_a_quote_that_is_never_closed_takes_bounded_memory(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"{number}.jpg,a dog\n" for number in range(20_000))
    path.write_text(f'image,caption\na.jpg,"open\n{rows}')
    with pipes.runner() as pipeline:
        good, rejects = pipeline | table.ReadTable(
            [InputFile(str(path))], COLUMNS, ","
        )
        told = "field larger than field limit (131072)"
        # The open quote takes line 2 to 8814.
        lost = {"a.jpg"} | {f"{number}.jpg" for number in range(8_812)}
        kept = {f"{number}.jpg" for number in range(20_000)} - lost
        sources = good | beam.Map(lambda part: part.source)
        pipes.check(sources, kept)
        counted = (
            pipes.only_rejects(rejects)
            | beam.Map(lambda row: (row.reason, row.detail))
            | beam.combiners.Count.PerElement()
        )
        expected = (("malformed-row", told), len(lost))
        pipes.check(counted, [expected], "rejects")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "image_name, comment\n",
            (
                "has no column 'image', but 'image_name', 'comment': name them "
                "with --image_column, --caption_column and --split_column"
            ),
        ),
        (
            "",
            (
                "has no column 'image', but none: name them with "
                "--image_column, --caption_column and --split_column"
            ),
        ),
    ],
)
def test_a_missing_column_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataSetError) as caught:
        table.check(InputFile(str(path)), COLUMNS, ",")
    assert str(caught.value) == f"{path} {told}"


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"image"x,caption\n')
    with pytest.raises(DataSetError) as caught:
        table.check(InputFile(str(path)), COLUMNS, ",")
    assert str(caught.value) == f"{path}: ',' expected after '\"'"


@pytest.mark.parametrize(
    ("dataset", "text", "told"),
    [
        (",", "image\tcaption\n", "tabs: use --dataset=tsv"),
        ("\t", "image,caption\n", "commas: use --dataset=csv"),
        (",", "image;caption\n", "semicolons: save it with commas or tabs"),
    ],
)
def test_another_separator_is_told(
    tmp_path: Path, dataset: str, text: str, told: str
) -> None:
    path = tmp_path / "a"
    path.write_text(text)
    with pytest.raises(DataSetError) as caught:
        table.check(InputFile(str(path)), COLUMNS, dataset)
    assert str(caught.value) == f"{path} is separated by {told}"


def test_a_column_that_is_there_twice_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("image,caption,caption\n")
    with pytest.raises(DataSetError, match="has 2 columns 'caption': rename"):
        table.check(InputFile(str(path)), COLUMNS, ",")


@pytest.mark.parametrize("name", ["split", "Split", "subset", " split "])
def test_a_split_column_that_is_not_named_is_mentioned(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"image,caption,{name}\n")
    table.check(InputFile(str(path)), COLUMNS, ",")
    name = name.strip()
    assert caplog.messages == [
        (
            f"{path} has a column {name!r} that is not read: "
            f"--split_column={name} reads it"
        )
    ]
    caplog.clear()
    table.check(InputFile(str(path)), table.Columns(split=name), ",")
    table.check(InputFile(str(path), "train"), COLUMNS, ",")
    assert not caplog.messages


TEXTS = [
    ["one"],
    ["a dog", "it's", 'a "red" dog'],
    ["x, y", "[z]", "\u00e9\U0001f600", "# no comment", "a\\b"],
    ["a" * 80, "b" * 80],
]


def numpy_text(texts: list[str]) -> str:
    """As pandas writes a column of arrays: without commas, over lines."""
    return "[" + "\n ".join(map(repr, texts)) + "]"


@pytest.mark.parametrize("texts", TEXTS)
@pytest.mark.parametrize(
    "write", [json.dumps, repr, numpy_text, lambda texts: str([*texts, " "])]
)
def test_a_list_in_a_cell_is_read_as_one(
    texts: list[str], write: Callable[[list[str]], str]
) -> None:
    row = COLUMNS.read(["image", "caption"], ["a.jpg", write(texts)])
    assert [text for text in row.captions if text] == texts


@pytest.mark.parametrize(
    "text",
    [
        "[a dog] runs",
        "[a dog]",
        "[1, 2]",
        '["a", 2]',
        '[["a"]]',
        "['a', b'b']",
        "[x for x in y]",
        "['a' + 'b']",
        "['a'",
    ],
)
def test_other_brackets_are_text(text: str) -> None:
    row = COLUMNS.read(["image", "caption"], ["a.jpg", text])
    assert row.captions == (text,)


def test_paths_of_spreadsheets_are_trimmed() -> None:
    row = COLUMNS.read(["image", "caption"], [" a.jpg\u00a0", " x "])
    assert row == reference("a.jpg", "x")


def test_a_packed_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b'image,caption\na.jpg,"x\ny"\n'))
    with pipes.runner() as pipeline:
        good, _ = pipeline | table.ReadTable(
            [InputFile(str(path))], COLUMNS, ","
        )
        pipes.check(good, [reference("a.jpg", "x\ny")])


def peak(path: Path, num_rows: int) -> int:
    """Bytes that Python holds at most while the table is read."""
    with path.open("w") as file:
        file.write("image,caption\n")
        for number in range(num_rows):
            file.write(f'{number}.jpg,"{"a dog " * 20}"\n')
    tracemalloc.start()
    rows = table.rows(InputFile(str(path)), COLUMNS, ",")
    assert sum(isinstance(row, Reference) for row in rows) == num_rows
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


def test_memory_is_flat(tmp_path: Path) -> None:
    small = peak(tmp_path / "small.csv", 2_000)
    assert peak(tmp_path / "large.csv", 16_000) < small + 200_000
