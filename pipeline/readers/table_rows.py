"""Rows of CSV and TSV, also as spreadsheets, pandas and people write them."""

import csv
import dataclasses
import io
from collections.abc import Iterator
from typing import Literal

from apache_beam.io.filesystems import FileSystems

# Cells that hold any of it are quoted.
_LINE_END = "\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
      line: the first line of the file that it stands in, from 1.
      cells: text; bytes that are not UTF-8 are escaped as surrogates.
      fault: why it has no cells, or ''.
    """

    line: int
    cells: list[str]
    fault: str = ""


class _Lines:
    """A file's lines.

    Attributes:
      taken: lines that were read since this list was last cleared.
      ended: whether a line was asked for after the last.
    """

    def __init__(self, path: str):
        self._path, self.taken, self.ended = path, list[str](), False

    def __iter__(self) -> Iterator[str]:
        with FileSystems.open(self._path) as file:
            mark = _BYTE_ORDER_MARK
            while line := file.readline():
                # Invalid UTF-8 passes here, and costs its own row alone.
                text = line.removeprefix(mark).decode(errors="surrogateescape")
                self.taken.append(text)
                yield text
                mark = b""
        self.ended = True


def read(path: str, delimiter: str) -> Iterator[Row]:
    """Yields the rows of a table, the header first, one at a time.

    Quoted cells are read as RFC 4180 has them. Text with quotes that does not
    follow these rules is taken as it stands: `"Stop" said a man` in CSV, and in
    TSV, whose cells need no quotes, all that a program would not have quoted
    so. A row of blank cells, as spreadsheets leave below the last, is none.
    """
    lines = _Lines(path)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    settle = _settle_tsv if delimiter == "\t" else _settle_csv
    width, line = 0, 1
    while True:
        lines.taken.clear()
        try:
            row = Row(line, next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            row = Row(line, [], str(error))
        plain = [
            Row(line + number, text.rstrip("\r\n").split(delimiter))
            for number, text in enumerate(lines.taken)
        ]
        line += len(plain)
        if row.fault or any('"' in text for text in lines.taken):
            fits = all(len(one.cells) == width for one in plain)
            rows = settle(row, plain, lines, fits)
        else:
            rows = [row]
        for settled in rows:
            if settled.fault or any(map(str.strip, settled.cells)):
                width = width or len(settled.cells)
                yield settled


def _settle_csv(
    row: Row, plain: list[Row], lines: _Lines, fits: bool
) -> list[Row]:
    """A row with quotes, or the lines that it was read from without them."""
    if not row.fault:
        return [row]
    if len(plain) == 1 and fits and not lines.ended:
        return plain
    # A quote that is never closed swallows the lines up to the next quote.
    return [
        dataclasses.replace(one, cells=[], fault=row.fault) for one in plain
    ]


def _settle_tsv(
    row: Row, plain: list[Row], lines: _Lines, fits: bool
) -> list[Row]:
    """A row as a program has quoted it, or its lines as they stand."""
    # Several lines that are rows already are no one row.
    if row.fault or (fits and len(plain) > 1):
        return plain
    text = "".join(lines.taken).removesuffix("\n").removesuffix("\r")
    written = (
        _written(row.cells, csv.QUOTE_MINIMAL),
        _written(row.cells, csv.QUOTE_ALL),
    )
    return [row] if text in written else plain


def _written(cells: list[str], quoting: Literal[0, 1]) -> str:
    file = io.StringIO()
    csv.writer(
        file, delimiter="\t", lineterminator=_LINE_END, quoting=quoting
    ).writerow(cells)
    return file.getvalue().removesuffix(_LINE_END)
