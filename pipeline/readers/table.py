"""CSV and TSV: columns by name, one caption or a list of them a row."""

import ast
import dataclasses
import io
import json
import logging
import tokenize
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import own_splits, split_names, table_rows
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import (
    MalformedReference,
    Reference,
    stripped,
)
from pipeline.readers.rejects import REJECTS, Read, Reject, Unit

_LOG = logging.getLogger(__name__)
_FLAGS = {",": "csv", "\t": "tsv"}
_DELIMITERS = {"\t": "tabs", ",": "commas", ";": "semicolons"}
_SPLIT_COLUMNS = ("split", "splits", "subset", "partition")


@dataclasses.dataclass(frozen=True)
class Columns:
    """Names in the table's first row.

    Attributes:
      image: holds paths; rows may share one.
      caption: holds one caption, or a list of them as JSON or Python has it.
      split: holds the image's split, or '' where no column does.
    """

    image: str = "image"
    caption: str = "caption"
    split: str = ""

    def read(self, header: Sequence[str], cells: Sequence[str]) -> Reference:
        """A row -> its reference.

        Raises:
          MalformedReference: another number of cells, bytes that are not
            UTF-8, no image, or a split that is no word.
        """
        if len(cells) != len(header):
            detail = f"has {len(cells)} cells, the first row {len(header)}"
            raise MalformedReference("malformed-row", _start(cells), detail)
        row = dict(zip(header, cells, strict=True))
        source, captions = row[self.image].strip(), _captions(row[self.caption])
        split = row[self.split].strip() if self.split else ""
        try:
            "".join([source, *captions]).encode()
        except UnicodeEncodeError as error:
            raise MalformedReference(
                "malformed-row", _start(cells), "is not UTF-8"
            ) from error
        if not source or not split_names.is_split(split):
            detail = "an image is a path, a split one word"
            raise MalformedReference("malformed-row", _start(cells), detail)
        return Reference(source, source, captions, split)


def _captions(cell: str) -> tuple[str, ...]:
    """The captions of a cell: its text, or those of a list in it."""
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return stripped([text])
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        listed = _strings(text)
    if isinstance(listed, list) and all(isinstance(one, str) for one in listed):
        return stripped(listed)
    return stripped([text])


def _strings(text: str) -> list[str] | None:
    """The texts of a list as Python or numpy prints it, else None.

    numpy writes no commas, so that Python would take all texts for one.
    """
    kinds = (tokenize.OP, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    strings = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING:
                strings.append(ast.literal_eval(token.string))
            elif token.type not in kinds or token.string not in "[],\r\n":
                return None
    except (SyntaxError, ValueError, tokenize.TokenError):
        return None
    return strings


def _start(cells: Sequence[str]) -> str:
    text = ",".join(cells)[:120]
    return text.encode(errors="surrogateescape").decode(errors="replace")


def check(file: InputFile, columns: Columns, delimiter: str) -> None:
    """Reads the first row; tells in the log of a split column not asked for.

    Raises:
      DataSetError: it lacks one of the columns, has it twice, or is no table.
    """
    first = next(table_rows.read(file.path, delimiter), None)
    if first and first.fault:
        raise DataSetError(f"{file.path}: {first.fault}")
    header = _names(first.cells if first else [])
    for name in filter(None, dataclasses.astuple(columns)):
        if name not in header:
            raise DataSetError(_missing(file.path, name, header, delimiter))
        if header.count(name) > 1:
            raise DataSetError(
                f"{file.path} has {header.count(name)} columns {name!r}: "
                "rename all but one"
            )
    found = [name for name in header if name.lower() in _SPLIT_COLUMNS]
    if found and not columns.split and not file.split_of():
        _LOG.warning(
            "%s has a column %r that is not read: --split_column=%s reads it",
            file.path,
            found[0],
            found[0],
        )


def _missing(
    path: str, name: str, header: Sequence[str], delimiter: str
) -> str:
    """Says which columns there are, or that others separate them."""
    for other, said in _DELIMITERS.items():
        if len(header) == 1 and other in header[0]:
            use = _FLAGS.get(other, "")
            advice = (
                f"use --dataset={use}" if use else "save it with commas or tabs"
            )
            return f"{path} is separated by {said}: {advice}"
    return (
        f"{path} has no column {name!r}, but "
        f"{', '.join(map(repr, header)) or 'none'}: name them with "
        "--image_column, --caption_column and --split_column"
    )


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def rows(file: InputFile, columns: Columns, delimiter: str) -> Iterator[Any]:
    """Yields a table's rows, one at a time, as references and rejects."""
    read = table_rows.read(file.path, delimiter)
    header = _names(next(read).cells)
    yield from _unread(file, header, columns)
    for row in read:
        yield _tagged(Read(Unit.ROWS))
        where = f"{file.path}:{row.line}"
        if row.fault:
            yield _reject(where, "malformed-row", row.fault, where)
            continue
        try:
            reference = columns.read(header, row.cells)
        except MalformedReference as error:
            yield _reject(error.where, error.reason, error.detail, where)
        else:
            yield _tagged(Read(Unit.CAPTIONS, len(reference.captions)))
            split = file.split_of(reference.split)
            yield dataclasses.replace(reference, split=split)


def _reject(
    image_id: str, reason: str, detail: str, place: str
) -> beam.pvalue.TaggedOutput:
    return _tagged(Reject(image_id, place, reason, detail))


def _tagged(row: Read | Reject) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REJECTS, row)


def _unread(
    file: InputFile, header: Sequence[str], columns: Columns
) -> Iterator[beam.pvalue.TaggedOutput]:
    """Tells the columns that no flag names."""
    detail = f"a column of {file.path} that no flag names"
    for name in header:
        if name not in dataclasses.astuple(columns):
            unread = Reject(name, "", "unread-column", detail, entries=0)
            yield _tagged(unread)


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
        agreed, conflicts = good | own_splits.AgreeOnSplits()
        return agreed, (malformed, conflicts) | "Rejects" >> beam.Flatten()
