"""Files on any of Beam's file systems: written whole or not at all."""

import fnmatch
import glob
import os
import re
import uuid
from collections.abc import Iterable
from typing import BinaryIO

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipeline.recordset import record_set

# Each bucket's client has its own errors; they share the HTTP status.
_REFUSED = {403: PermissionError, 404: FileNotFoundError}
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{32}")


def write_bytes(output: str, name: str, chunks: Iterable[bytes]) -> int:
    """Writes to a temporary file, renames it, and checks its size.

    Args:
      output: the folder.
      name: of the file.
      chunks: of its content.

    Returns:
      The file's size in bytes.

    Raises:
      OSError: it could not be written, or is shorter than what was written.
    """
    final = FileSystems.join(output, name)
    temporary = FileSystems.join(output, f".{name}.{uuid.uuid4().hex}")
    size = 0
    try:
        with FileSystems.create(temporary) as file:
            for chunk in chunks:
                file.write(chunk)
                size += len(chunk)
        FileSystems.rename([temporary], [final])
    except BaseException:
        if FileSystems.exists(temporary):
            delete(temporary)
        raise
    found = size_of(final)
    if found != size:
        raise OSError(f"{final}: wrote {size} bytes, found {found}")
    return size


def write_text(output: str, name: str, text: str) -> str:
    """Writes a small text file as `write_bytes` does.

    Returns:
      The file's name.

    Raises:
      OSError: it could not be written; the message has its path.
    """
    try:
        write_bytes(output, name, [text.encode()])
    except Exception as error:
        if isinstance(error, OSError):
            raise
        path = FileSystems.join(output, name)  # A bucket's error has no path.
        raise OSError(f"{path} could not be written: {error}") from error
    return name


def sweep(output: str) -> None:
    """Removes temporary files of writes that were killed."""
    for path in listed(output, ".*"):
        if _TEMPORARY.fullmatch(FileSystems.split(path)[1]):
            delete(path)


def listed(folder: str, pattern: str = "*") -> dict[str, int]:
    """Paths and sizes of the files of a folder whose names match a pattern."""
    if FileSystems.get_scheme(folder) is None:
        if not os.path.isdir(folder):
            return {}
        with os.scandir(folder) as entries:
            return {
                entry.path: entry.stat().st_size
                for entry in sorted(entries, key=lambda entry: entry.name)
                if fnmatch.fnmatchcase(entry.name, pattern) and entry.is_file()
            }
    matched = FileSystems.join(glob.escape(folder), pattern)
    found = FileSystems.match([matched])[0].metadata_list
    return {item.path: int(item.size_in_bytes) for item in found}


def delete(path: str) -> None:
    """Removes one file, by its path as it is."""
    if FileSystems.get_scheme(path) is None:
        os.remove(path)
    else:
        FileSystems.delete([path])


def open_file(path: str) -> BinaryIO:
    """Opens a file on any of Beam's file systems, without decompressing it.

    Raises:
      OSError: there is no such file, or it may not be read. Other failures of
        a bucket raise the errors of its client.
    """
    try:
        return FileSystems.open(
            path, compression_type=CompressionTypes.UNCOMPRESSED
        )
    except Exception as error:
        refused = _REFUSED.get(getattr(error, "code", 0))
        if refused is None:
            raise
        raise refused(f"{path}: {error}") from error


def read_bytes(path: str) -> bytes:
    """The whole of a file; raises what `open_file` does."""
    with open_file(path) as file:
        return bytes(file.read())


def exists(path: str) -> bool:
    """Whether there is such a file, or such a folder with anything in it."""
    if FileSystems.exists(path):
        return True
    if FileSystems.get_scheme(path) is None:
        return False
    # A bucket has no folders, only files whose names begin alike.
    return bool(
        FileSystems.match([f"{glob.escape(path)}/**"], [1])[0].metadata_list
    )


def state_of(path: str) -> tuple[int, float]:
    """Bytes of a file that exists, and when it last changed, in seconds."""
    if FileSystems.get_scheme(path) is None:
        found = os.stat(path)
        return found.st_size, found.st_mtime
    item = FileSystems.get_filesystem(path).metadata(path)
    return int(item.size_in_bytes), item.last_updated_in_seconds


def size_of(path: str) -> int:
    """Bytes of a file that exists."""
    return state_of(path)[0]


BEAM = record_set.Files(exists=exists, size=size_of, open=open_file)
