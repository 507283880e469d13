"""CSV as RFC 4180 has it, and TSV without quotes: one caption a row."""

import csv
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from pipeline.readers import split_lists
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import (
    MalformedReference,
    Reference,
    is_split,
    with_text,
)
from pipeline.readers.rejects import REJECTS, Reject

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclasses.dataclass(frozen=True)
class Columns:
    """Names in the table's first row.

    Attributes:
      image: holds paths; rows may share one.
      caption: holds one caption.
      split: holds the image's split, or '' where no column does.
    """

    image: str = "image"
    caption: str = "caption"
    split: str = ""

    def read(self, header: Sequence[str], cells: Sequence[str]) -> Reference:
        """A row -> its reference.

        Raises:
          MalformedReference: another number of cells, bytes that are not
            UTF-8, no image, no caption, or a split that is no word.
        """
        if len(cells) != len(header):
            detail = f"has {len(cells)} cells, the first row {len(header)}"
            raise MalformedReference("malformed-row", _start(cells), detail)
        row = dict(zip(header, cells, strict=True))
        source, captions = row[self.image], with_text([row[self.caption]])
        split = row[self.split].strip() if self.split else ""
        try:
            "".join([source, *captions]).encode()
        except UnicodeEncodeError as error:
            raise MalformedReference(
                "malformed-row", _start(cells), "is not UTF-8"
            ) from error
        if not source or not is_split(split):
            detail = "an image is a path, a split one word"
            raise MalformedReference("malformed-row", _start(cells), detail)
        if not captions:
            raise MalformedReference("no-captions", source, "no text")
        return Reference(source, source, captions, split)


def _start(cells: Sequence[str]) -> str:
    text = ",".join(cells)[:120]
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _lines(path: str) -> Iterator[str]:
    with FileSystems.open(path) as file:
        mark = _BYTE_ORDER_MARK
        while line := file.readline():
            # Invalid UTF-8 passes here, and costs its own row alone.
            yield line.removeprefix(mark).decode(errors="surrogateescape")
            mark = b""


def _cells(path: str, delimiter: str) -> Any:
    if delimiter == "\t":
        return csv.reader(
            _lines(path), delimiter=delimiter, quoting=csv.QUOTE_NONE
        )
    return csv.reader(_lines(path), delimiter=delimiter, strict=True)


def check(file: InputFile, columns: Columns, delimiter: str) -> None:
    """Reads the first row.

    Raises:
      DataSetError: it lacks one of the columns, or is no table.
    """
    try:
        header = _names(next(_cells(file.path, delimiter), []))
    except csv.Error as error:
        raise DataSetError(f"{file.path}: {error}") from error
    for name in filter(None, dataclasses.astuple(columns)):
        if name not in header:
            raise DataSetError(
                f"{file.path} has no column {name!r}, but "
                f"{', '.join(map(repr, header)) or 'none'}: name them with "
                "--image_column, --caption_column and --split_column"
            )


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def rows(file: InputFile, columns: Columns, delimiter: str) -> Iterator[Any]:
    """Yields a table's rows, one at a time, as references and rejects."""
    reader = _cells(file.path, delimiter)
    header = _names(next(reader))
    while True:
        begin = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            # A quote that is never closed swallows the lines up to the next
            # quote: each of them is a reject.
            for line in range(begin, reader.line_num + 1):
                where = f"{file.path}:{line}"
                yield _reject(where, "malformed-row", f"{error}")
            continue
        if cells is None:
            return
        if not cells:
            continue
        try:
            reference = columns.read(header, cells)
        except MalformedReference as error:
            yield _reject(error.where, error.reason, error.detail)
        else:
            split = file.split or reference.split
            yield dataclasses.replace(reference, split=split)


def _reject(where: str, reason: str, detail: str) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REJECTS, Reject(where, "", reason, detail))


class ReadTable(beam.PTransform):
    """Begin -> (references, rejects) of CSV or TSV files.

    A cell may hold line breaks, so a file is read by one process from its
    beginning to its end, a row at a time.
    """

    def __init__(
        self, files: Sequence[InputFile], columns: Columns, delimiter: str
    ):
        """Keeps the files, the columns, and what separates cells."""
        super().__init__()
        self._files, self._columns = sorted(files), columns
        self._delimiter = delimiter

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        read = beam.FlatMap(rows, self._columns, self._delimiter)
        good, malformed = (
            begin
            | beam.Create(self._files)
            | "Spread files" >> beam.Reshuffle()
            | "Read rows" >> read.with_outputs(REJECTS, main="good")
        )
        agreed, conflicts = good | split_lists.AgreeOnSplits()
        return agreed, (malformed, conflicts) | "Rejects" >> beam.Flatten()
