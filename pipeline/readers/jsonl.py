"""JSONL: `{"image": path, "captions": [text, ...], "id"?, "split"?}` a line."""

import json
from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import lines, split_lists
from pipeline.readers.annotation_files import InputFile
from pipeline.readers.reference import (
    MalformedReference,
    Reference,
    is_split,
    with_text,
)


def _fault(row: dict[str, Any]) -> str:
    """What is wrong with the values of a row, or ''."""
    source, captions = row["image"], row["captions"]
    texts = isinstance(captions, list) and all(
        isinstance(text, str) for text in captions
    )
    if not isinstance(source, str) or not source or not texts:
        return "'image' is a path, 'captions' a list"
    identity, split = row.get("id"), row.get("split")
    if identity is not None and not isinstance(identity, str | int):
        return "'id' is text or a number"
    if split is not None and not is_split(split):
        return "'split' is one word"
    try:
        "".join([source, str(identity), *captions]).encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair is no text"
    return ""


def parse(line: str) -> Reference:
    """One line -> its reference.

    Raises:
      MalformedReference: not such an object, or no captions.
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
    source, identity = row["image"], row.get("id")
    kept = with_text(row["captions"])
    if not kept:
        raise MalformedReference("no-captions", source, "no caption has text")
    return Reference(
        image_id=source if identity in (None, "") else str(identity),
        source=source,
        captions=kept,
        split=row.get("split") or "",
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
        agreed, conflicts = good | split_lists.AgreeOnSplits()
        return agreed, (rejects, conflicts) | "Both rejects" >> beam.Flatten()
