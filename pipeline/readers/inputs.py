"""`--annotations` -> the files it names, their splits and digests."""

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Sequence

from apache_beam.io.filesystems import FileSystems

from pipeline import manifest as manifest_lib

_NAMED_SPLIT = re.compile(r"(?P<split>[\w-]+)=(?P<pattern>.+)")


@dataclasses.dataclass(frozen=True, order=True)
class InputFile:
    """One file of the data set.

    Attributes:
      path: on any of Beam's file systems; no pattern.
      split: of every image it names, or '' where the file does not decide.
    """

    path: str
    split: str = ""


def find(given: Sequence[str]) -> tuple[InputFile, ...]:
    """Paths or patterns, each with an optional `split=` -> files, sorted.

    Raises:
      RecordSetError: nothing is there, or a file is named twice.
    """
    files = [file for text in given for file in _matched(text)]
    paths = [file.path for file in files]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise manifest_lib.RecordSetError(f"--annotations names twice: {twice}")
    return tuple(sorted(files))


def _matched(text: str) -> list[InputFile]:
    named = _NAMED_SPLIT.fullmatch(text)
    split, pattern = named.groups() if named else ("", text)
    found = FileSystems.match([pattern])[0].metadata_list
    if not found:
        raise manifest_lib.RecordSetError(
            f"--annotations: no such path: {pattern}"
        )
    return [InputFile(item.path, split) for item in found]


def digest(files: Iterable[InputFile]) -> str:
    """Of contents and splits; neither paths nor their order change it."""
    rows = sorted([file.split, _sha256(file.path)] for file in files)
    return manifest_lib.digest(rows)


def _sha256(path: str) -> str:
    sha256 = hashlib.sha256()
    with FileSystems.open(path) as file:
        while chunk := file.read(1 << 20):
            sha256.update(chunk)
    return sha256.hexdigest()
