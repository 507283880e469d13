"""A run's directory: which run it belongs to, and text files in it."""

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

    A run that has not saved anything yet does not keep its directory.

    Args:
      run_dir: may be missing.
      identity: of the run.

    Raises:
      RunError: the directory belongs to a run that differs, named by field.
    """
    if _is_begun(run_dir):
        changed = identity.differences(read_identity(run_dir))
        if changed:
            raise RunError(
                f"{run_dir} belongs to another run ({'; '.join(changed)}): "
                "choose another --run_dir, or change the configuration back"
            )


def claim(run_dir: str, identity: identity_lib.RunIdentity) -> None:
    """Takes a run directory for a run, which it makes where it is missing.

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
    """The name that checkpoints of a run carry: a digest of its identity.

    Args:
      run_dir: of the run, which keeps the identity that it began with.
      identity: of a run that has not begun.
    """
    text = identity.dump()
    if _is_begun(run_dir):
        text = _read(os.path.join(run_dir, IDENTITY_FILE))
    return hashlib.sha256(text.encode()).hexdigest()


def _is_begun(run_dir: str) -> bool:
    """Whether a run has claimed the directory, and saved a checkpoint there."""
    if not tf.io.gfile.exists(os.path.join(run_dir, IDENTITY_FILE)):
        return False
    return any(
        name.endswith(".index")
        for folder in (NEWEST, BEST)
        for name in names(os.path.join(run_dir, folder))
    )


def names(folder: str) -> list[str]:
    """Names of what a folder holds; none where it is missing.

    Unlike a glob, it takes the folder's name as it is.
    """
    return tf.io.gfile.listdir(folder) if tf.io.gfile.isdir(folder) else []


def refuse_training(run_dir: str) -> None:
    """Checks that a directory is no training's.

    Raises:
      RunError: it is.
    """
    if tf.io.gfile.exists(os.path.join(run_dir, IDENTITY_FILE)):
        raise RunError(
            f"{run_dir} belongs to a training ({IDENTITY_FILE} is there): "
            "choose another --run_dir"
        )


def read_identity(run_dir: str) -> identity_lib.RunIdentity:
    """What `claim` wrote.

    Raises:
      RunError: nothing was trained in this directory, or the file is damaged.
    """
    path = os.path.join(run_dir, IDENTITY_FILE)
    if not tf.io.gfile.exists(path):
        raise RunError(
            f"no trained captioner in {run_dir!r}: {IDENTITY_FILE} is missing"
        )
    try:
        return identity_lib.RunIdentity.load(_read(path))
    except ValueError as error:
        raise RunError(
            f"{path} is damaged ({error}): bring it back from a copy, or train "
            "anew in another --run_dir"
        ) from error


def _read(path: str) -> str:
    with tf.io.gfile.GFile(path, "r") as file:
        return str(file.read())


def write_text(path: str, text: str) -> None:
    """Writes a text file under another name, then renames it."""
    temporary = f"{path}.new"
    with tf.io.gfile.GFile(temporary, "w") as file:
        file.write(text)
    tf.io.gfile.rename(temporary, path, overwrite=True)
