"""Thumbnails of a few records, read from their shards."""

import itertools
import operator
import os
from collections.abc import Iterable

from pipeline.card.data_card import Example
from pipeline.pages import document
from pipeline.recordset import record_set, records, tfrecord


def read(
    folder: str,
    examples: Iterable[Example],
    files: record_set.Files = record_set.TENSORFLOW,
) -> dict[Example, str]:
    """Reads the thumbnails of some records, and nothing else of their shards.

    Args:
      folder: the record set's folder.
      examples: the images to show.
      files: how the folder's files are read.

    Returns:
      For each example a `data:` address that holds the thumbnail's bytes; '' if
      its record has none.
    """
    place = operator.attrgetter("file", "offset")
    pictures = {}
    ordered = sorted(set(examples), key=place)
    for file, group in itertools.groupby(ordered, key=lambda each: each.file):
        with files.open(os.path.join(folder, file)) as stream:
            for example in group:
                stream.seek(example.offset)
                pictures[example] = _address(tfrecord.read_next(stream))
    return pictures


def _address(data: bytes) -> str:
    thumbnail = records.CaptionedImage.from_bytes(data).thumbnail
    return document.data_uri(thumbnail, "image/jpeg") if thumbnail else ""
