"""Text files with one item a line, read in any number of pieces at once."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipeline.files import beam_files
from pipeline.readers.annotation_files import InputFile
from pipeline.readers.reference import MalformedReference, Reference
from pipeline.readers.rejects import REJECTS, Read, Reject, Unit

_PIECE_BYTES = 16 << 20


@dataclasses.dataclass(frozen=True)
class Piece:
    """A range of bytes of a file.

    Attributes:
      path: of the file.
      begin: of the range.
      end: of the range; None where the file is compressed, and one piece.
    """

    path: str
    begin: int
    end: int | None


def decode(line: bytes) -> str:
    """Decodes UTF-8, and drops a byte order mark.

    Raises:
      MalformedReference: the line is in another encoding.
    """
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = line[:120].decode(errors="replace")
        raise MalformedReference(
            "malformed-line", where, f"is not UTF-8 ({error.reason})"
        ) from error


def pieces(path: str) -> Iterator[Piece]:
    """Cuts a file into ranges of bytes, but one that is compressed."""
    kind = CompressionTypes.detect_compression_type(path)
    if kind != CompressionTypes.UNCOMPRESSED:
        yield Piece(path, 0, None)
        return
    size = beam_files.size_of(path)
    for begin in range(0, size, _PIECE_BYTES):
        yield Piece(path, begin, min(begin + _PIECE_BYTES, size))


def read(piece: Piece) -> Iterator[bytes]:
    """Yields the lines that begin in a piece, without their ends.

    Beam's own reader would take the file's path for a pattern.
    """
    with FileSystems.open(piece.path) as file:
        place = piece.begin
        if place:  # The line that began before is read with that piece.
            file.seek(place - 1)
            place += len(file.readline()) - 1
        while piece.end is None or place < piece.end:
            line = file.readline()
            if not line:
                return
            place += len(line)
            yield line.removesuffix(b"\n").removesuffix(b"\r")


class ReadLines(beam.PTransform):
    """Begin -> the lines of files as bytes, without blank ones."""

    def __init__(self, paths: Sequence[str]):
        """Keeps the paths."""
        super().__init__()
        self._paths = paths

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        return (
            begin
            | beam.Create(sorted(self._paths))
            | "Cut into pieces" >> beam.FlatMap(pieces)
            | "Spread pieces" >> beam.Reshuffle()
            | "Read pieces" >> beam.FlatMap(read)
            | "Skip blanks" >> beam.Filter(bytes.strip)
        )


class _Parse(beam.DoFn):
    def __init__(self, parser: Callable[[str], Reference], file: InputFile):
        self._parser, self._file = parser, file

    def process(self, line: bytes) -> Iterator[Any]:
        yield beam.pvalue.TaggedOutput(REJECTS, Read(Unit.LINES))
        try:
            reference = self._parser(decode(line))
        except MalformedReference as error:
            reject = Reject(error.where, "", error.reason, error.detail)
            yield beam.pvalue.TaggedOutput(REJECTS, reject)
            return
        captions = Read(Unit.CAPTIONS, len(reference.captions))
        yield beam.pvalue.TaggedOutput(REJECTS, captions)
        split = self._file.split_of(reference.split)
        yield dataclasses.replace(reference, split=split)


class ParseLines(beam.PTransform):
    """Begin -> (references, rejects) of files with one item a line."""

    def __init__(
        self,
        files: Sequence[InputFile],
        parser: Callable[[str], Reference],
    ):
        """Keeps the files, and what turns a line into a reference.

        Args:
          files: each with the split of what it holds, or ''.
          parser: raises MalformedReference.
        """
        super().__init__()
        self._files, self._parser = sorted(files, key=_splits), parser

    def expand(self, begin: Any) -> Any:
        """Builds one branch for each split."""
        good, rejects = [], []
        for _, group in itertools.groupby(self._files, _splits):
            files = list(group)
            parse = _Parse(self._parser, files[0])
            label = " or ".join(filter(None, _splits(files[0]))) or "lines"
            paths = [file.path for file in files]
            parsed, unparsed = (
                begin
                | f"Read {label}" >> ReadLines(paths)
                | f"Parse {label}"
                >> beam.ParDo(parse).with_outputs(REJECTS, main="good")
            )
            good.append(parsed)
            rejects.append(unparsed)
        return (
            good | "All references" >> beam.Flatten(),
            rejects | "All rejects" >> beam.Flatten(),
        )


def _splits(file: InputFile) -> tuple[str, str]:
    return file.split, file.hint
