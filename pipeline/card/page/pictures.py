"""Thumbnails of a few records, read where they lie in their shards."""

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
    """Reads no more of a shard than the records that are asked for.

    Args:
      folder: of the record set.
      examples: to show.
      files: how the folder is read.

    Returns:
      The address of each thumbnail, which holds its bytes; '' where the record
      has none.
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
