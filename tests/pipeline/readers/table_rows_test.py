"""Rows: what programs write comes back, and what people write is kept."""

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.readers import table_rows

TEXT = st.text(st.characters(exclude_characters="\r\0", codec="utf-8"))
ROWS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5)


def read(path: Path, text: str, delimiter: str) -> list[list[str] | str]:
    path.write_bytes(text.encode())
    found = table_rows.read(str(path), delimiter)
    return [row.fault or row.cells for row in found]


@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_csv_comes_back_as_it_was_written(
    rows: list[tuple[str, str]], end: str, all_quoted: bool
) -> None:
    table = [("image", "caption"), *rows]
    file = io.StringIO()
    csv.writer(
        file,
        lineterminator=end,
        quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL,
    ).writerows(table)
    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder, "a"), file.getvalue(), ",")
    assert found == [list(row) for row in table if any(map(str.strip, row))]


@given(st.lists(TEXT.filter(lambda text: "\t" not in text), max_size=5))
def test_tsv_of_pandas_comes_back(captions: list[str]) -> None:
    table = [("image", "caption"), *(("a.jpg", text) for text in captions)]
    file = io.StringIO()
    csv.writer(file, delimiter="\t", lineterminator="\n").writerows(table)
    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder, "a"), file.getvalue(), "\t")
    assert found == [list(row) for row in table]


@given(
    st.lists(
        TEXT.filter(
            lambda text: not set(text) & set("\t\n") and '""' not in text
        ),
        max_size=5,
    )
)
def test_tsv_without_quotes_is_taken_as_it_stands(captions: list[str]) -> None:
    lines = ["image\tcaption", *(f"a.jpg\t{text}" for text in captions)]
    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder, "a"), "\n".join(lines) + "\n", "\t")
    assert found == [line.split("\t") for line in lines]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "caption",
    ['"Stop" said a man', '"a" "b"', '5" board', 'a "b"', '"5" by 7" board'],
)
def test_bare_quotes_are_text(tmp_path: Path, caption: str, end: str) -> None:
    text = end.join(["image,caption", f"a.jpg,{caption}", "b.jpg,x", ""])
    assert read(tmp_path / "a", text, ",") == [
        ["image", "caption"],
        ["a.jpg", caption],
        ["b.jpg", "x"],
    ]


@pytest.mark.parametrize("blank", ["", ",", " , ", '"",""', ",,,,"])
def test_rows_of_blank_cells_are_none(tmp_path: Path, blank: str) -> None:
    text = f"{blank}\nimage,caption\n{blank}\na.jpg,x\n{blank}\n{blank}"
    found = read(tmp_path / "a", text, ",")
    assert found == [["image", "caption"], ["a.jpg", "x"]]


def test_a_fault_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text('image,caption\n"a\nb.jpg",x\nc.jpg,"x" y, z\nd.jpg,"x\n')
    rows = list(table_rows.read(str(path), ","))
    assert [(row.line, bool(row.fault)) for row in rows] == [
        (1, False),
        (2, False),
        (4, True),
        (5, True),
    ]
