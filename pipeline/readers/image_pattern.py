"""Images found by name among the files that a pattern matches."""

import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from pipeline.files import found_files, image_root
from pipeline.readers.reference import Reference, left_out
from pipeline.readers.rejects import REJECTS, Reject


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _found(encoded: bytes) -> Iterator[Any]:
    """Pattern -> (file name, path under the pattern's folder) of each file."""
    pattern = os.fsdecode(encoded)
    folder, _ = found_files.split_pattern(pattern)
    for file in found_files.find(pattern):
        path = file.path.removeprefix(folder).lstrip("/")
        if found_files.is_text(path):
            yield _name(path), path
            continue
        name = found_files.printable(path)
        detail = "no caption can name it: its name is not UTF-8"
        reject = Reject(name, name, "unprintable-name", detail, entries=0)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)


def _locate(
    group: tuple[str, tuple[Iterable[Reference], Iterable[str]]],
) -> Iterator[Any]:
    """(file name, ([Reference], [path])) -> references to that path."""
    references, paths = list(group[1][0]), sorted(group[1][1])
    if len(paths) == 1:
        for part in references:
            yield dataclasses.replace(part, source=paths[0])
        return
    reason = "ambiguous-image" if paths else image_root.NO_SUCH_IMAGE
    detail = f"{len(paths)} files of --images have this name"
    ordered = sorted(references, key=_image_id)
    for _, parts in itertools.groupby(ordered, key=_image_id):
        reject = left_out(list(parts), reason, detail)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)


def _image_id(part: Reference) -> str:
    return part.image_id


class LocateImages(beam.PTransform):
    """Begin -> (references, rejects) whose sources a pattern has found.

    One process lists the files of the pattern. For a hundred million images,
    let the annotations give paths, and name a folder instead of a pattern.
    """

    def __init__(self, reader: beam.PTransform, pattern: str):
        """Keeps a reader whose sources end in file names, and the pattern."""
        super().__init__()
        self._reader, self._pattern = reader, pattern

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        good, rejects = begin | "Read captions" >> self._reader
        paths, unnamed = (
            begin
            | beam.Create([os.fsencode(self._pattern)])
            | "Match images"
            >> beam.FlatMap(_found).with_outputs(REJECTS, main="found")
        )
        by_name = good | beam.Map(lambda part: (_name(part.source), part))
        located, lost = (
            (by_name, paths)
            | beam.CoGroupByKey()
            | "Locate"
            >> beam.FlatMap(_locate).with_outputs(REJECTS, main="located")
        )
        rejects = (rejects, unnamed, lost)
        return located, rejects | "Rejects of all" >> beam.Flatten()
