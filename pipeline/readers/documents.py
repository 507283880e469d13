"""One large JSON document, read item by item: memory never holds it all."""

import codecs
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import apache_beam as beam
import ijson
from apache_beam.io.filesystems import FileSystems

from pipeline.readers.annotation_files import DataSetError, InputFile

# The parser quotes up to so many bytes on each side of the fault.
_QUOTED = 30
# Its quote stands in one line, so that the fault is in this column.
_COLUMN = 40
_ARROW = b"\n" + b" " * 21 + b"(right here) ------^"
_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")
_WORD = re.compile(rb"[^\s,:\[\]{}\"]+")


class _Bytes:
    """A document's bytes without a byte order mark, and the last piece read."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._passed, self._lines, self._piece = 0, 0, b""

    def read(self, size: int = -1) -> bytes:
        """Reads on, as the parser does."""
        if not size:  # It asks so whether the file is text.
            return b""
        self._passed += len(self._piece)
        self._lines += self._piece.count(b"\n")
        self._piece = self._file.read(size)
        if not self._passed and self._piece.startswith(codecs.BOM_UTF8):
            self._passed = len(codecs.BOM_UTF8)
            self._piece = self._piece[self._passed :]
        return self._piece

    def reach(self) -> str:
        """Formats where the last piece lies."""
        end = self._passed + len(self._piece)
        return f"between bytes {self._passed} and {end}"

    def place(self, quote: bytes) -> str:
        """Finds the parser's quote in the last piece; its line, byte and word.

        Args:
          quote: the bytes about the fault, after blanks up to a fixed column.
        """
        before = quote[:_COLUMN].lstrip(b" ")
        at = self._piece.translate(_LINE_ENDS).find(before + quote[_COLUMN:])
        if not quote.strip():  # Nothing is left to read.
            at, before = 0, self._piece
        if at < 0:
            return self.reach()
        at += len(before)
        line = self._lines + self._piece.count(b"\n", 0, at) + 1
        begin = max(0, at - _QUOTED)
        words = _WORD.finditer(self._piece, begin, at + _QUOTED)
        word = next((word for word in words if word.end() >= at), None)
        told = f"line {line}, byte {self._passed + at}"
        if word is None or word.start() > at:
            return told
        return f"{told}, at {word[0].decode(errors='replace')!r}"


def _told(error: ijson.JSONError, read: _Bytes) -> str:
    """What is wrong with a document, and where."""
    message = error.args[0]
    if isinstance(message, str):  # Bytes quote what is not UTF-8.
        message = message.encode()
    reason, _, rest = message.partition(b"\n")
    quote, arrow, _ = rest.rpartition(_ARROW)
    told = reason.decode(errors="replace").rstrip(".")
    if not arrow:  # Parsers other than yajl tell the place themselves.
        return told
    return f"{told} ({read.place(quote)})"


def items(path: str, name: str) -> Iterator[Any]:
    """Yields the items of the list `name` of the document, one at a time.

    Raises:
      DataSetError: the document ends early, or is not JSON.
    """
    with FileSystems.open(path) as file:
        read = _Bytes(file)
        try:
            yield from ijson.items(read, f"{name}.item", use_float=True)
        except ijson.JSONError as error:
            raise DataSetError(
                f"{path} is no whole JSON document: {_told(error, read)}"
            ) from error
        except UnicodeDecodeError as error:
            raise DataSetError(
                f"{path} has half of a surrogate pair, which is no text, "
                f"{read.reach()}"
            ) from error


def first(path: str, name: str) -> Any:
    """The first item of a list, or None where there is none.

    Raises:
      DataSetError: the document ends before it, or is not JSON.
    """
    return next(items(path, name), None)


class ReadItems(beam.PTransform):
    """Begin -> (path, an item of one of the file's lists)."""

    def __init__(self, files: Sequence[InputFile], name: str):
        """Keeps the documents and the name of the list."""
        super().__init__()
        self._paths, self._name = sorted(file.path for file in files), name

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        return (
            begin
            | beam.Create(self._paths)
            | "Spread files" >> beam.Reshuffle()
            | "Read items" >> beam.FlatMap(_read, self._name)
            # One process parses a document; many go on with its items.
            | "Spread items" >> beam.Reshuffle()
        )


def _read(path: str, name: str) -> Iterator[tuple[str, Any]]:
    return ((path, item) for item in items(path, name))
