"""Images found by name among the files that a pattern matches."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io import fileio

from pipeline.readers.reference import Reference
from pipeline.readers.rejects import REJECTS, Reject


def is_pattern(images: str) -> bool:
    """Whether it names files, rather than a folder."""
    return bool(set(images) & set("*?["))


def root_of(pattern: str) -> str:
    """The folder above all that a pattern can match; '' is the current one."""
    length = min(map(pattern.index, set(pattern) & set("*?[")))
    folder, slash, _ = pattern[:length].rpartition("/")
    return folder or slash


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _locate(
    group: tuple[str, tuple[Iterable[Reference], Iterable[str]]],
) -> Iterator[Any]:
    """(file name, ([Reference], [path])) -> references to that path."""
    references, paths = list(group[1][0]), sorted(group[1][1])
    for part in references:
        if len(paths) == 1:
            yield dataclasses.replace(part, source=paths[0])
            continue
        reason = "ambiguous-image" if paths else "no-such-image"
        detail = f"{len(paths)} files of --images have this name"
        reject = Reject(part.image_id, part.source, reason, detail)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)


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
        root = root_of(self._pattern)
        good, rejects = begin | "Read captions" >> self._reader
        paths = (
            begin
            | "Match images" >> fileio.MatchFiles(self._pattern)
            | beam.Map(
                lambda file: (
                    _name(file.path),
                    file.path.removeprefix(root).lstrip("/"),
                )
            )
        )
        by_name = good | beam.Map(lambda part: (_name(part.source), part))
        located, lost = (
            (by_name, paths)
            | beam.CoGroupByKey()
            | "Locate"
            >> beam.FlatMap(_locate).with_outputs(REJECTS, main="located")
        )
        return located, (rejects, lost) | "Rejects of both" >> beam.Flatten()
