"""One process at a time in a run's directory."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from typing import TextIO

from trainer.run import directory

LOCK_FILE = ".lock"


@contextlib.contextmanager
def hold(run_dir: str, *, seconds: float = 5.0) -> Iterator[None]:
    """Keeps other trainings on this machine out of a directory.

    The operating system holds the lock, and frees it when a process dies.
    Object stores have no locks, so a directory there is not kept.

    Args:
      run_dir: folder of the run; made where it is missing.
      seconds: time to wait for a process that is just ending.

    Raises:
      RunError: another process trains there, or the folder can't be written.
    """
    if "://" in run_dir:
        yield
        return
    with _opened(run_dir) as file:
        end = time.monotonic() + seconds
        while not _is_locked(file):
            if time.monotonic() > end:
                file.seek(0)
                raise directory.RunError(
                    f"{run_dir} is being trained in by process "
                    f"{file.read() or 'unknown'}: wait for it, or choose "
                    "another --run_dir"
                )
            time.sleep(0.1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder(run_dir: str) -> str | None:
    """Names the process of this machine that trains in a directory.

    Returns:
      Its id, or `unknown` while it is just beginning; None where no process
      holds the lock, or in an object store, which has none.
    """
    path = os.path.join(run_dir, LOCK_FILE)
    if "://" in run_dir or not os.path.exists(path):
        return None
    with open(path) as file:
        try:
            # A training that begins meanwhile waits longer than this takes.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read() or "unknown"
    return None


def _opened(run_dir: str) -> TextIO:
    """Opens the lock's file, in a folder that it makes."""
    try:
        os.makedirs(run_dir, exist_ok=True)
        return open(os.path.join(run_dir, LOCK_FILE), "a+")
    except OSError as error:
        raise directory.RunError(
            f"can't write {run_dir}: {error.strerror}"
        ) from error


def _is_locked(file: TextIO) -> bool:
    """Locks a file for this process, if no other has locked it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
