"""Captions of any system, and what people say of the images, from files.

Captions: COCO's results format, a list of {"image_id", "caption"}; or one such
object a line. References: COCO's captions format; or this project's lines of
{"image" or "id", "captions"}; or the `captions.jsonl` of an evaluation.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

_IDS = ("image_id", "id", "image")
_TEXTS = ("references", "captions")


class ResultsError(ValueError):
    """A file of captions or references that can't be read, or does not fit."""


@dataclasses.dataclass(frozen=True)
class Results:
    """Captions in the order of their file, each beside its references.

    Attributes:
      image_ids: of the images.
      sets: the captions of each image, one or several.
      references: what people say of each.
    """

    image_ids: Sequence[str]
    sets: Sequence[Sequence[str]]
    references: Sequence[Sequence[str]]

    @property
    def captions(self) -> list[str]:
        """The first caption of each image."""
        return [each[0] for each in self.sets]


def read(captions: str, references: str) -> Results:
    """Reads both files, and joins them by the images' ids.

    Raises:
      ResultsError: a file is missing, or of another form, or an image has no
        references.
    """
    said: dict[str, list[str]] = {}
    for name, text in _captions(captions):
        said.setdefault(name, []).append(text)
    known = _references(references)
    missing = [name for name in said if not known.get(name)]
    if missing:
        raise ResultsError(
            f"--references: {references} says nothing of {len(missing)} of "
            f"{len(said)} images of {captions}, such as {missing[0]!r}"
        )
    return Results(
        list(said), list(said.values()), [known[name] for name in said]
    )


def _captions(path: str) -> Iterator[tuple[str, str]]:
    for place, row in _rows("captions", path):
        name, text = _identity(row), row.get("caption")
        if name is None or not isinstance(text, str):
            raise ResultsError(
                f"--captions: {place}: an object with 'image_id' and 'caption' "
                "is needed"
            )
        yield name, text


def _references(path: str) -> dict[str, list[str]]:
    """Image id -> texts, in any of the three forms."""
    found: dict[str, list[str]] = {}
    for place, row in _rows("references", path):
        name = _identity(row)
        texts = next((row[key] for key in _TEXTS if key in row), None)
        texts = [row["caption"]] if "caption" in row and not texts else texts
        if name is None or not isinstance(texts, list):
            raise ResultsError(
                f"--references: {place}: an object with 'image_id' and "
                "'caption', or with 'id' and 'captions', is needed"
            )
        found.setdefault(name, []).extend(map(str, texts))
    return found


def _identity(row: Mapping[str, Any]) -> str | None:
    return next((str(row[key]) for key in _IDS if key in row), None)


def _rows(flag: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields (place, object) of a list, of COCO's document, or of lines."""
    try:
        with tf.io.gfile.GFile(path) as file:
            text = file.read()
    except tf.errors.OpError as error:
        raise ResultsError(f"--{flag}: no such file: {path}") from error
    for place, row in _parsed(flag, path, text):
        if not isinstance(row, dict):
            raise ResultsError(f"--{flag}: {place} is no object")
        yield place, row


def _parsed(flag: str, path: str, text: str) -> Iterator[tuple[str, Any]]:
    try:
        document = json.loads(text)
    except ValueError:
        yield from _lines(flag, path, text)
        return
    if isinstance(document, dict) and "annotations" in document:
        document = document["annotations"]
    rows = document if isinstance(document, list) else [document]
    for number, row in enumerate(rows, start=1):
        yield f"{path}, entry {number}", row


def _lines(flag: str, path: str, text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield f"{path}, line {number}", json.loads(line)
        except ValueError as error:
            raise ResultsError(
                f"--{flag}: {path}, line {number} is no JSON: {error}"
            ) from error
