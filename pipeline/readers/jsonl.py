"""JSONL: `{"image": path, "captions": [text, ...], "id"?, "split"?}` a line."""

import json
from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import image_ids, lines, own_splits, split_names
from pipeline.readers.annotation_files import InputFile
from pipeline.readers.reference import (
    MalformedReference,
    Reference,
    stripped,
)


def _fault(row: dict[str, Any]) -> str:
    """What is wrong with the values of a row, or ''."""
    source, captions = row["image"], row["captions"]
    texts = isinstance(captions, list) and all(
        isinstance(text, str) for text in captions
    )
    if not isinstance(source, str) or not source or not texts:
        return "'image' is a path, 'captions' a list"
    split = row.get("split")
    try:
        identity = image_ids.identity(row.get("id"))
    except TypeError:
        return "'id' is text or a whole number"
    if split is not None and not split_names.is_split(split):
        return "'split' is one word"
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
