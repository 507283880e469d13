"""A run's directory: which run it belongs to, and files in it."""

import hashlib
import os

import tensorflow as tf

from trainer.run import identity as identity_lib

IDENTITY_FILE = "identity.json"
# Folders of the newest checkpoints, and of the best one.
NEWEST, BEST = "checkpoints", "best"


class RunError(ValueError):
    """A run directory that is missing, unfinished or of another run."""


def check(run_dir: str, identity: identity_lib.RunIdentity) -> None:
    """Checks that a run may be trained in a directory.

    Any run may, if the directory's run has not saved a checkpoint.

    Args:
      run_dir: the directory; it may be missing.
      identity: of the run that is to be trained.

    Raises:
      RunError: the directory belongs to another run; the message names the
        fields that differ.
    """
    if _is_begun(run_dir):
        changed = identity.differences(read_identity(run_dir))
        if changed:
            raise RunError(
                f"{run_dir} belongs to another run ({'; '.join(changed)}): "
                "choose another --run_dir, or change the configuration back"
            )


def claim(run_dir: str, identity: identity_lib.RunIdentity) -> None:
    """Claims a directory for a run; makes it if it is missing.

    Raises:
      RunError: the directory belongs to another run, or can't be written.
    """
    check(run_dir, identity)
    if _is_begun(run_dir):
        return
    try:
        tf.io.gfile.makedirs(run_dir)
        write_text(os.path.join(run_dir, IDENTITY_FILE), identity.dump())
    except tf.errors.OpError as error:
        raise RunError(f"can't write {run_dir}: {error.message}") from error


def run_name(run_dir: str, identity: identity_lib.RunIdentity) -> str:
    """Returns the name that a run's checkpoints carry: its identity's digest.

    Args:
      run_dir: the run's directory. If the run has begun, its identity is read
        from there.
      identity: of a run that has not begun.
    """
    text = identity.dump()
    if _is_begun(run_dir):
        text = read_text(os.path.join(run_dir, IDENTITY_FILE))
    return hashlib.sha256(text.encode()).hexdigest()


def _is_begun(run_dir: str) -> bool:
    """Whether a run has claimed the directory and saved a checkpoint in it."""
    if not tf.io.gfile.exists(os.path.join(run_dir, IDENTITY_FILE)):
        return False
    return any(
        name.endswith(".index")
        for folder in (NEWEST, BEST)
        for name in names(os.path.join(run_dir, folder))
    )


def names(folder: str) -> list[str]:
    """Lists the names in a folder; none if the folder is missing.

    Unlike in a glob, the characters *, ? and [ in the folder's name mean
    themselves.
    """
    return tf.io.gfile.listdir(folder) if tf.io.gfile.isdir(folder) else []


def refuse_records(run_dir: str, records: str) -> None:
    """Checks that a directory does not lie in a record set.

    Raises:
      RunError: it does.
    """
    inside, folder = map(os.path.realpath, (run_dir, records))
    if os.path.commonpath([inside, folder]) == folder:
        raise RunError(
            f"--run_dir={run_dir} lies in the record set {records}: choose a "
            "folder beside it"
        )


def refuse_training(run_dir: str) -> None:
    """Checks that a directory is not that of a training.

    Raises:
      RunError: it is the directory of a training.
    """
    if tf.io.gfile.exists(os.path.join(run_dir, IDENTITY_FILE)):
        raise RunError(
            f"{run_dir} belongs to a training ({IDENTITY_FILE} is there): "
            "choose another --run_dir"
        )


def read_identity(run_dir: str) -> identity_lib.RunIdentity:
    """Reads the identity that `claim` wrote.

    Raises:
      RunError: nothing was trained in this directory, or the file is damaged.
    """
    path = os.path.join(run_dir, IDENTITY_FILE)
    if not tf.io.gfile.exists(path):
        raise RunError(
            f"no trained captioner in {run_dir!r}: {IDENTITY_FILE} is missing"
        )
    try:
        return identity_lib.RunIdentity.load(read_text(path))
    except (AttributeError, ValueError) as error:
        raise RunError(
            f"{path} is damaged ({error}): bring it back from a copy, or train "
            "anew in another --run_dir"
        ) from error


def read_text(path: str) -> str:
    """Reads a text file, on any of TensorFlow's file systems."""
    with tf.io.gfile.GFile(path, "r") as file:
        return str(file.read())


def write_text(path: str, text: str) -> None:
    """Writes a text file under another name first and then renames it."""
    write_bytes(path, text.encode())


def write_bytes(path: str, data: bytes) -> None:
    """Writes a file under another name first and then renames it."""
    temporary = f"{path}.new"
    with tf.io.gfile.GFile(temporary, "wb") as file:
        file.write(data)
    tf.io.gfile.rename(temporary, path, overwrite=True)
