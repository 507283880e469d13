"""`--annotations` -> the files it names, their splits and digests."""

import dataclasses
import hashlib
import logging
import os
import re
from collections.abc import Iterable, Sequence

from apache_beam.io.filesystems import FileSystems

from pipeline.files import found_files
from pipeline.recordset import manifest

_LOG = logging.getLogger(__name__)

# macOS writes such a file beside each one on a disk that is not its own.
_BESIDE = "._"
_NAMED_SPLIT = re.compile(r"(?P<split>[\w-]+)=(?P<pattern>.+)")


class DataSetError(ValueError):
    """A data set that is missing, damaged or of another format."""


@dataclasses.dataclass(frozen=True, order=True)
class InputFile:
    """One file of the data set.

    Attributes:
      path: on any of Beam's file systems; no pattern.
      split: of every image it names, or '' where the user named none.
      state: size in bytes and time of the last change, in seconds.
      hint: the split that its name tells, of images without one of their own.
    """

    path: str
    split: str = ""
    state: tuple[int, float] = dataclasses.field(default=(0, 0), compare=False)
    hint: str = ""

    def split_of(self, own: str = "") -> str:
        """The split of an image of this file, which has `own` or none."""
        return self.split or own or self.hint


def find(given: Sequence[str]) -> tuple[InputFile, ...]:
    """Paths or patterns, each with an optional `split=` -> files, sorted.

    Raises:
      DataSetError: nothing is there, a file is named twice, or cannot be read.
    """
    files = [file for text in given for file in _matched(text)]
    paths = [file.path for file in files]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise DataSetError(f"--annotations names twice: {twice}")
    return tuple(sorted(files))


def pattern(text: str) -> tuple[str, str]:
    """Parts `train=a/*.jsonl` into the split, or '', and the pattern."""
    named = _NAMED_SPLIT.fullmatch(text)
    return (named["split"], named["pattern"]) if named else ("", text)


def _matched(text: str) -> list[InputFile]:
    split, name = pattern(text)
    found = _without_companions(list(found_files.find(name)), name)
    told = found_files.printable(name)
    if not found and os.path.isdir(name):
        raise DataSetError(
            f"--annotations: {told} is a folder: name its files, such as "
            f"{told}/*"
        )
    if not found:
        raise DataSetError(f"--annotations: no such path: {told}")
    for file in found:
        fault = _fault(file)
        if fault:
            path = found_files.printable(file.path)
            raise DataSetError(f"--annotations: {path}: {fault}")
    return [
        InputFile(file.path, split, state=(file.size, file.changed))
        for file in found
    ]


def _fault(file: found_files.FoundFile) -> str:
    """Why a file cannot be an input, or ''."""
    if file.size < 0:
        return "this link leads nowhere"
    if not found_files.is_text(file.path):
        return "this name is not UTF-8: rename it"
    return ""


def _without_companions(
    found: Sequence[found_files.FoundFile], name: str
) -> list[found_files.FoundFile]:
    """Leaves out the files that macOS adds, unless the user asks for them."""
    kept = [
        file
        for file in found
        if file.path == name
        or not os.path.basename(file.path).startswith(_BESIDE)
    ]
    if len(kept) < len(found):
        _LOG.warning(
            "--annotations: %d files that macOS added (%s...) are left out of "
            "%s",
            len(found) - len(kept),
            _BESIDE,
            name,
        )
    return kept


def common_folder(files: Iterable[InputFile]) -> str:
    """The deepest folder that holds every file."""
    folders = [file.path.split("/")[:-1] for file in files]
    shared = os.path.commonprefix(folders)  # Of lists: whole names.
    return "/".join(shared) or "/" * len(shared)


def digest(files: Iterable[InputFile]) -> str:
    """Digest of contents and splits; neither paths nor order change it."""
    rows = sorted([file.split_of(), _sha256(file.path)] for file in files)
    return manifest.digest(rows)


def digest_states(files: Iterable[InputFile], root: str) -> str:
    """Digest of names, sizes and times, for files too large to read twice."""
    rows = sorted(
        [file.split_of(), file.path.removeprefix(root), *file.state]
        for file in files
    )
    return manifest.digest(rows)


def _sha256(path: str) -> str:
    sha256 = hashlib.sha256()
    with FileSystems.open(path) as file:
        while chunk := file.read(1 << 20):
            sha256.update(chunk)
    return sha256.hexdigest()
