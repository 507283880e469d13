"""One process at a time in a run's directory."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from trainer.run import directory

LOCK_FILE = ".lock"


@contextlib.contextmanager
def hold(run_dir: str) -> Iterator[None]:
    """Keeps other trainings of this machine from a directory, which it makes.

    A dead process can't keep the lock, which is the operating system's. Object
    stores have no locks: there, nothing is kept.

    Args:
      run_dir: folder of the run; made where it is missing.

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
