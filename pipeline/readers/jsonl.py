"""JSONL: `{"image": path, "captions": [text, ...], "id"?, "split"?}` a line."""

import json
import re
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from pipeline.readers import (
    documents,
    image_ids,
    lines,
    own_splits,
    split_names,
)
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import (
    MalformedReference,
    Reference,
    stripped,
)

_LIST = re.compile(rb"(\xef\xbb\xbf)?\s*\[\s*\{")
_START_BYTES = 1 << 10


def check(file: InputFile) -> None:
    """Checks that the file is not one JSON document.

    Raises:
      DataSetError: it is a list, or has the form of COCO's or Karpathy's files.
    """
    path = file.path
    with FileSystems.open(path) as stream:
        start = stream.read(_START_BYTES)
    if _LIST.match(start):
        raise DataSetError(
            f"{path} is a JSON list, and --dataset=jsonl needs an object a "
            "line: `jq -c '.[]'` turns the one into the other"
        )
    try:
        image = documents.first(path, "images")
    except DataSetError:  # It has several lines, or one that is malformed.
        return
    for name, key in (("karpathy", "sentences"), ("coco", "file_name")):
        if isinstance(image, dict) and key in image:
            raise DataSetError(
                f"{path} is one JSON document with 'images', and "
                "--dataset=jsonl needs an object a line: use "
                f"--dataset={name}"
            )


def _fault(row: dict[str, Any]) -> str:
    """What is wrong with the values of a row, or ''."""
    source, captions = row["image"], row["captions"]
    if not isinstance(source, str) or not source:
        return "'image' must be a path"
    if isinstance(captions, str):
        return "'captions' must be a list of texts, not a text"
    if not isinstance(captions, list) or not all(
        isinstance(text, str) for text in captions
    ):
        return "'captions' must be a list of texts"
    split = row.get("split")
    try:
        identity = image_ids.identity(row.get("id"))
    except TypeError:
        return "'id' must be text or a whole number"
    if split is not None and not split_names.is_split(split):
        return "'split' must be one word"
    try:
        "".join([source, identity, *captions]).encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair is no text"
    return ""


def parse(line: str) -> Reference:
    """One line -> its reference.

    Raises:
      MalformedReference: not such an object.
    """
    where = line[:120]
    try:
        row = json.loads(line)
        fault = _fault(row)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedReference(
            "malformed-line", where, f"needs 'image' and 'captions' ({error!r})"
        ) from error
    if fault:
        raise MalformedReference("malformed-line", where, fault)
    source = row["image"]
    return Reference(
        image_id=image_ids.identity(row.get("id")) or source,
        source=source,
        captions=stripped(row["captions"]),
        split=(row.get("split") or "").strip(),
    )


class ReadJsonl(beam.PTransform):
    """Begin -> (references, rejects) of JSONL files.

    Lines may share an image, but not disagree on its split.
    """

    def __init__(self, files: Sequence[InputFile]):
        """Keeps the files."""
        super().__init__()
        self._files = files

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        good, rejects = begin | lines.ParseLines(self._files, parse)
        agreed, conflicts = good | own_splits.AgreeOnSplits()
        return agreed, (rejects, conflicts) | "Both rejects" >> beam.Flatten()
