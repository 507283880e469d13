"""One run at a time on an output folder.

On a disk of this machine, a run holds a lock of the operating system, which
ends with its process. Object stores have no locks: there the latest run owns
the folder. On both, a run publishes a file only while the folder still holds
the run's name, so that a worker that outlives its run writes nothing into the
next run's record set.
"""

import contextlib
import fcntl
import os
import socket
import uuid
from collections.abc import Iterable, Iterator

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from pipeline.files import beam_files

LOCK_FILE = ".lock"
OWNER_FILE = ".owner"


class LockError(RuntimeError):
    """The output folder belongs to another job."""


@contextlib.contextmanager
def hold(output: str) -> Iterator[None]:
    """Makes a folder, and keeps other runs of this machine out of it.

    Raises:
      LockError: another run holds it.
      OSError: the folder cannot be written.
    """
    if FileSystems.get_scheme(output) is not None:
        yield
        return
    os.makedirs(output, exist_ok=True)
    with open(os.path.join(output, LOCK_FILE), "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockError(
                f"{output} is being made by {_owner(output) or 'another run'}: "
                "wait for it, or choose another --output"
            ) from None
        yield


def take(output: str) -> str:
    """Writes a new owner's name into a folder; returns the name."""
    owner = (
        f"process {os.getpid()} on {socket.gethostname()} "
        f"(run {uuid.uuid4().hex[:8]})"
    )
    beam_files.write_text(output, OWNER_FILE, owner)
    return owner


def check(output: str, owner: str) -> None:
    """Checks that a folder still is its owner's.

    Raises:
      LockError: another run took it, or gave it back.
    """
    found = _owner(output)
    if found != owner:
        raise LockError(
            f"{output} was taken from {owner} by {found or 'another run'}: "
            "nothing more was written"
        )


def guard(chunks: Iterable[bytes], output: str, owner: str) -> Iterator[bytes]:
    """Yields a file's chunks, then does `check`.

    `beam_files.write_bytes` gives a file its final name after the last chunk,
    which is after the check. A run that takes a folder removes the files that
    are still temporary then.

    Raises:
      LockError: another run took the folder.
    """
    yield from chunks
    check(output, owner)


def give_back(output: str, owner: str) -> None:
    """Removes the owner's name from a finished folder.

    Raises:
      LockError: another run took it.
    """
    check(output, owner)
    beam_files.delete(FileSystems.join(output, OWNER_FILE))


def _owner(output: str) -> str:
    try:
        path = FileSystems.join(output, OWNER_FILE)
        return beam_files.read_bytes(path).decode()
    except (OSError, BeamIOError):
        return ""
