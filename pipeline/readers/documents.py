"""One large JSON document, read item by item: memory never holds it all."""

from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import ijson
from apache_beam.io.filesystems import FileSystems

from pipeline.readers.annotation_files import DataSetError, InputFile


def items(path: str, name: str) -> Iterator[Any]:
    """Yields the items of the list `name` of the document, one at a time.

    Raises:
      DataSetError: the document ends early, or is not JSON.
    """
    with FileSystems.open(path) as file:
        try:
            yield from ijson.items(file, f"{name}.item", use_float=True)
        except ijson.JSONError as error:
            detail = error.args[0]
            if isinstance(detail, bytes):  # It quotes what is not UTF-8.
                detail = detail.decode(errors="replace")
            detail = detail.partition("\n")[0]
            raise DataSetError(
                f"{path} is no whole JSON document: {detail}"
            ) from error


def first(path: str, name: str) -> Any:
    """The first item of a list, or None where there is none.

    Raises:
      DataSetError: the document ends before it, or is not JSON.
    """
    return next(items(path, name), None)


class ReadItems(beam.PTransform):
    """Begin -> (the file's split, an item of one of its lists)."""

    def __init__(self, files: Sequence[InputFile], name: str):
        """Keeps the documents and the name of the list."""
        super().__init__()
        self._files, self._name = sorted(files), name

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        return (
            begin
            | beam.Create(self._files)
            | "Spread files" >> beam.Reshuffle()
            | "Read items" >> beam.FlatMap(_read, self._name)
            # One process parses a document; many go on with its items.
            | "Spread items" >> beam.Reshuffle()
        )


def _read(file: InputFile, name: str) -> Iterator[tuple[str, Any]]:
    return ((file.split, item) for item in items(file.path, name))
