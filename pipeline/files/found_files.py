"""What a name that the user gave stands for: one file, a folder or a pattern.

It is decided here, once. A name that exists is no pattern, and neither are the
folders at its beginning that exist; a file that was found is opened by its path
as it is. Links that the user's names lead through are followed.
"""

import dataclasses
import glob
import logging
import os
import re
import urllib.parse
import warnings
from collections.abc import Collection, Iterator, Sequence

from apache_beam.io.filesystem import FileSystem
from apache_beam.io.filesystems import FileSystems

from pipeline.files import beam_files

_LOG = logging.getLogger(__name__)

_MAGIC = frozenset("*?[")
_DEEP = "**"
_FILE_URL = re.compile(
    r"(?P<split>[\w-]+=|)file://(?:localhost)?(?P<path>/.*)",
    re.IGNORECASE | re.DOTALL,
)


@dataclasses.dataclass(frozen=True)
class FoundFile:
    """A file that a name stands for.

    Attributes:
      path: as it is opened.
      size: in bytes; -1 of a link that leads nowhere.
      changed: when it last was, in seconds since 1970.
    """

    path: str
    size: int
    changed: float


def from_url(text: str) -> str:
    """`file:///a%20b` -> `/a b`, also behind `train=`; other text stays."""
    url = _FILE_URL.fullmatch(text)
    return url["split"] + urllib.parse.unquote(url["path"]) if url else text


def is_pattern(name: str) -> bool:
    """Whether it stands for other names, if it does not exist itself."""
    return not _MAGIC.isdisjoint(name)


def find(name: str) -> Iterator[FoundFile]:
    """Finds the files that a name stands for; none where it does not exist.

    `*` and `?` stand for characters of a file's name, `**` also for folders,
    `[abc]` for one of these characters; a name that ends in `/` for the files
    of the folder. Folders are never found themselves.

    Raises:
      OSError: a folder cannot be read.
      ValueError: what stands in a pattern's brackets is no range.
    """
    if name.endswith("/"):
        name += "*"
    elif FileSystems.exists(name):
        if not os.path.isdir(name):
            yield FoundFile(name, *beam_files.state_of(name))
            _tell_others(name)
        return
    yield from _matched(name)


def _tell_others(name: str) -> None:
    """Says so where a file that exists would find others, as a pattern."""
    try:
        others = [file for file in _matched(name) if file.path != name]
    except (OSError, ValueError):
        return  # Whatever else is there, this name is that of the file.
    if others:
        _LOG.warning(
            "%s is the name of a file, and read alone: %d others that it would "
            "find as a pattern are left out",
            printable(name),
            len(others),
        )


def _matched(name: str) -> Iterator[FoundFile]:
    """Finds the files that a name stands for as a pattern, if it is one."""
    folder, pattern = split_pattern(name)
    if not is_pattern(pattern):
        return
    if FileSystems.get_scheme(name) is None:
        yield from _walked(folder, pattern)
        return
    escaped = FileSystems.join(glob.escape(folder), pattern)
    for item in FileSystems.match([escaped])[0].metadata_list:
        yield FoundFile(
            item.path, item.size_in_bytes, item.last_updated_in_seconds
        )


def split_pattern(name: str) -> tuple[str, str]:
    """Parts a name into the folder above all it stands for, and the rest.

    The folder is '' for the current one.
    """
    parts = name.split("/")
    literal = 0
    while literal < len(parts) - 1:
        beginning = "/".join(parts[: literal + 1])
        if is_pattern(parts[literal]) and not beam_files.exists(beginning):
            break
        literal += 1
    folder = "/".join(parts[:literal])
    return folder or "/" * bool(literal), "/".join(parts[literal:])


def printable(path: str) -> str:
    r"""Writes a name that is not UTF-8 as text: its other bytes as `\xe9`."""
    data = path.encode(errors="surrogateescape")
    return data.decode(errors="backslashreplace")


def is_text(path: str) -> bool:
    """Whether a name is UTF-8, so that records can hold it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walked(folder: str, pattern: str) -> Iterator[FoundFile]:
    """Finds files beneath a folder of this machine."""
    whole = _compiled(pattern)
    if not os.path.isdir(folder or "."):
        return
    for name in _beneath(folder, "", pattern.split("/"), ()):
        if whole.match(name):
            path = os.path.join(folder, name)
            known = os.path.exists(path)
            state = beam_files.state_of(path) if known else (-1, 0.0)
            yield FoundFile(path, *state)


def _beneath(
    folder: str,
    below: str,
    parts: Sequence[str],
    above: Collection[tuple[int, int]],
) -> Iterator[str]:
    """Yields paths of files below a folder, also through linked folders.

    Args:
      folder: where the walk began.
      below: the folder's path from there.
      parts: of the pattern; a folder is entered if the first one matches it.
      above: device and number of the folders on the way, to be entered once.
    """
    path = os.path.join(folder, below)
    found = os.stat(path or ".")
    here = (found.st_dev, found.st_ino)
    if here in above:
        return
    with os.scandir(path or ".") as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    deep = _DEEP in parts[0]
    first = _compiled(parts[0])
    for entry in ordered:
        name = os.path.join(below, entry.name)
        if not os.path.isdir(entry.path):  # Also of a link to itself.
            yield name
        elif deep or (parts[1:] and first.match(entry.name)):
            rest = parts if deep else parts[1:]
            yield from _beneath(folder, name, rest, (*above, here))


def _compiled(pattern: str) -> re.Pattern[str]:
    """The language of Beam, which finds files in buckets by it."""
    # There `*` stops at a backslash too, which is a sign like others here.
    translated = FileSystem.translate_pattern(pattern)
    translated = translated.replace(r"[^/\\]*", "[^/]*")
    with warnings.catch_warnings():
        # `[[]` is a bracket, whatever Python may make of it one day.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return re.compile(translated)
        except re.error as error:
            raise ValueError(
                f"{printable(pattern)} is no pattern: {error.msg}"
            ) from error
