"""Lets one process at a time train in a run's directory."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from trainer.run import directory

LOCK_FILE = ".lock"


@contextlib.contextmanager
def hold(run_dir: str) -> Iterator[None]:
    """Keeps other trainings on this machine out of a directory.

    The operating system releases the lock of a process that dies. Object stores
    have no locks: there, nothing is kept out.

    Args:
      run_dir: the run's folder; made if it is missing.

    Raises:
      RunError: another process trains there, or the folder can't be written.
    """
    if "://" in run_dir:
        yield
        return
    path = os.path.join(run_dir, LOCK_FILE)
    try:
        os.makedirs(run_dir, exist_ok=True)
        file = open(path, "a+")
    except OSError as error:
        raise directory.RunError(
            f"can't write {run_dir}: {error.strerror}"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise directory.RunError(
                f"{run_dir} is being trained in by process "
                f"{file.read() or 'unknown'}: wait for it, or choose another "
                "--run_dir"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
