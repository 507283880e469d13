"""The flags of a data set -> its reader, and digests of its files."""

import dataclasses
from collections.abc import Sequence

import apache_beam as beam

from pipeline.readers import coco, flickr, inputs, jsonl, karpathy, table
from pipeline.readers.inputs import InputFile

FORMATS = ("jsonl", "flickr8k", "coco", "karpathy", "csv", "tsv")
_DELIMITERS = {"csv": ",", "tsv": "\t"}


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set that was found.

    Attributes:
      reader: Begin -> (references, rejects).
      inputs: name -> digest of the files it reads, for the request.
    """

    reader: beam.PTransform
    inputs: dict[str, str]


def open_source(
    dataset: str, annotations: Sequence[str], columns: table.Columns
) -> Source:
    """Finds a data set's files and makes its reader.

    Args:
      dataset: one of `FORMATS`.
      annotations: paths or patterns, each with an optional `split=`.
      columns: of tables.

    Raises:
      RecordSetError: a file is missing, or is not of that format.
    """
    files = inputs.find(annotations)
    if dataset == "flickr8k":
        return _flickr8k(files)
    reader = _reader(dataset, files, columns)
    return Source(reader, {"annotations": inputs.digest(files)})


def _reader(
    dataset: str, files: Sequence[InputFile], columns: table.Columns
) -> beam.PTransform:
    """The reader of files that were found to be of its format."""
    match dataset:
        case "coco":
            for file in files:
                coco.check(file)
            return coco.ReadCoco([coco.name_split(file) for file in files])
        case "karpathy":
            for file in files:
                karpathy.check(file)
            return karpathy.ReadKarpathy(files)
        case "csv" | "tsv":
            delimiter = _DELIMITERS[dataset]
            for file in files:
                table.check(file, columns, delimiter)
            return table.ReadTable(files, columns, delimiter)
    return jsonl.ReadJsonl(files)


def _flickr8k(files: Sequence[InputFile]) -> Source:
    lists = flickr.find_lists(files[0].path)
    digests = {
        split: inputs.digest([InputFile(path)]) for split, path in lists.items()
    }
    return Source(
        flickr.ReadFlickr(files, lists),
        {"annotations": inputs.digest(files)} | digests,
    )
