"""The flags of a data set -> its reader, and digests of its files."""

import dataclasses
from collections.abc import Callable, Sequence

import apache_beam as beam

from pipeline.readers import flickr, inputs, jsonl
from pipeline.readers.inputs import InputFile


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set that was found.

    Attributes:
      reader: Begin -> (references, rejects).
      inputs: name -> digest of the files it reads, for the request.
    """

    reader: beam.PTransform
    inputs: dict[str, str]


def _jsonl(files: Sequence[InputFile]) -> Source:
    return Source(jsonl.ReadJsonl(files), {"annotations": inputs.digest(files)})


def _flickr8k(files: Sequence[InputFile]) -> Source:
    lists = flickr.find_lists(files[0].path)
    digests = {
        split: inputs.digest([InputFile(path)]) for split, path in lists.items()
    }
    return Source(
        flickr.ReadFlickr(files, lists),
        {"annotations": inputs.digest(files)} | digests,
    )


FORMATS: dict[str, Callable[[Sequence[InputFile]], Source]] = {
    "jsonl": _jsonl,
    "flickr8k": _flickr8k,
}


def open_source(dataset: str, annotations: Sequence[str]) -> Source:
    """Finds a data set's files and makes its reader.

    Args:
      dataset: one of `FORMATS`.
      annotations: paths or patterns, each with an optional `split=`.

    Raises:
      RecordSetError: a file is missing, or is not of that format.
    """
    return FORMATS[dataset](inputs.find(annotations))
