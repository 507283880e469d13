"""A run's directory: which run it belongs to, and text files in it."""

import os

import tensorflow as tf

from trainer.run import identity as identity_lib

IDENTITY_FILE = "identity.json"


class RunError(ValueError):
    """A run directory that is missing, unfinished or of another run."""


def claim(run_dir: str, identity: identity_lib.RunIdentity) -> None:
    """Takes a run directory for a run, or refuses another's.

    Args:
      run_dir: made where it is missing.
      identity: of the run.

    Raises:
      RunError: the directory belongs to a run that differs, named by field.
    """
    path = os.path.join(run_dir, IDENTITY_FILE)
    if tf.io.gfile.exists(path):
        changed = identity.differences(read_identity(run_dir))
        if changed:
            raise RunError(
                f"{run_dir} belongs to another run ({'; '.join(changed)}): "
                "choose another --run_dir, or change the configuration back"
            )
        return
    try:
        tf.io.gfile.makedirs(run_dir)
        write_text(path, identity.dump())
    except tf.errors.OpError as error:
        raise RunError(f"can't write {run_dir}: {error.message}") from error


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
      RunError: nothing was trained in this directory.
    """
    path = os.path.join(run_dir, IDENTITY_FILE)
    if not tf.io.gfile.exists(path):
        raise RunError(
            f"no trained captioner in {run_dir!r}: {IDENTITY_FILE} is missing"
        )
    with tf.io.gfile.GFile(path, "r") as file:
        return identity_lib.RunIdentity.load(file.read())


def write_text(path: str, text: str) -> None:
    """Writes a text file under another name, then renames it."""
    temporary = f"{path}.new"
    with tf.io.gfile.GFile(temporary, "w") as file:
        file.write(text)
    tf.io.gfile.rename(temporary, path, overwrite=True)
