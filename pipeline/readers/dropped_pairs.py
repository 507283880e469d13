"""Pairs of image and captions that the user leaves out, by the images' ids."""

import json
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from pipeline.files import beam_files
from pipeline.readers.annotation_files import DataSetError
from pipeline.readers.reference import Reference, left_out
from pipeline.readers.rejects import REJECTS


def read(path: str) -> frozenset[str]:
    """Reads the ids of a list, one JSON object with `image_id` a line.

    Raises:
      DataSetError: there is no such file, or a line is another thing.
    """
    if not beam_files.exists(path):
        raise DataSetError(f"--drop_pairs: no such file: {path}")
    lines = beam_files.read_bytes(path).decode().splitlines()
    return frozenset(
        _image_id(line, f"{path}, line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )


def _image_id(line: str, place: str) -> str:
    try:
        return str(json.loads(line)["image_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataSetError(
            f"--drop_pairs: {place}: an object with 'image_id' is needed"
        ) from error


class LeaveOutPairs(beam.PTransform):
    """Begin -> (references, rejects) of a reader, without some images."""

    def __init__(self, reader: beam.PTransform, image_ids: frozenset[str]):
        """Keeps a reader, and the ids of the images to leave out."""
        super().__init__()
        self._reader, self._image_ids = reader, image_ids

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        references, unread = begin | "Read all pairs" >> self._reader
        kept, dropped = references | "Leave out pairs" >> beam.FlatMap(
            _kept, self._image_ids
        ).with_outputs(REJECTS, main="kept")
        return kept, (unread, dropped) | "Rejects and pairs" >> beam.Flatten()


def _kept(part: Reference, dropped: frozenset[str]) -> Iterator[Any]:
    if part.image_id in dropped:
        reject = left_out([part], "dropped-pair", "--drop_pairs names it")
        yield beam.pvalue.TaggedOutput(REJECTS, reject)
    else:
        yield part
