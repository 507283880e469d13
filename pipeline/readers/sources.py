"""The flags of a data set -> its reader, and digests of its files."""

import dataclasses
from collections.abc import Callable, Sequence

import apache_beam as beam

from pipeline.readers import coco, flickr, inputs, jsonl, karpathy
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


def _coco(files: Sequence[InputFile]) -> Source:
    files = [coco.name_split(file) for file in files]
    for file in files:
        coco.check(file)
    return Source(coco.ReadCoco(files), {"annotations": inputs.digest(files)})


def _karpathy(files: Sequence[InputFile]) -> Source:
    for file in files:
        karpathy.check(file)
    return Source(
        karpathy.ReadKarpathy(files), {"annotations": inputs.digest(files)}
    )


FORMATS: dict[str, Callable[[Sequence[InputFile]], Source]] = {
    "jsonl": _jsonl,
    "flickr8k": _flickr8k,
    "coco": _coco,
    "karpathy": _karpathy,
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
