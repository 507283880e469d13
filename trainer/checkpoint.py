"""Saves and restores a run: the newest checkpoints, and the best one."""

import json
import os
from typing import Any

import tensorflow as tf

IDENTITY_FILE = "identity.json"


class RunError(ValueError):
    """A run directory that is missing, unfinished or of another run."""


class Checkpoints:
    """The newest few checkpoints of a run, and its best.

    A checkpoint holds the captioner, the optimizer with its slots, the step
    (which decides input and dropout) and the early stopping's state.
    """

    def __init__(self, run_dir: str, **parts: Any):
        """Names what is saved: `captioner`, `optimizer`, `step` and so on."""
        self._checkpoint = tf.train.Checkpoint(**parts)
        self._newest = tf.train.CheckpointManager(
            self._checkpoint, os.path.join(run_dir, "checkpoints"), 2
        )
        self._best = tf.train.CheckpointManager(
            self._checkpoint, os.path.join(run_dir, "best"), 1
        )

    def save(self, step: int) -> None:
        """Saves the run as it stands."""
        self._newest.save(checkpoint_number=step)

    def save_best(self, step: int) -> None:
        """Saves the run as its best so far."""
        self._best.save(checkpoint_number=step)

    def restore(self) -> bool:
        """Goes back to the newest checkpoint; false where there is none."""
        newest = self._newest.latest_checkpoint
        if newest:
            self._checkpoint.restore(newest).assert_existing_objects_matched()
        return bool(newest)

    def restore_best(self) -> None:
        """Goes back to the best checkpoint, or the newest before any.

        Raises:
          RunError: the run has saved none.
        """
        path = self._best.latest_checkpoint or self._newest.latest_checkpoint
        if not path:
            raise RunError(
                f"no checkpoint in {os.path.dirname(self._best.directory)}: "
                "train first (--mode=train)"
            )
        self._checkpoint.restore(path).expect_partial()


def claim(run_dir: str, identity: dict[str, Any]) -> None:
    """Takes a run directory for a run, or refuses another's.

    Args:
      run_dir: made where it is missing.
      identity: settings that decide the weights, as JSON values.

    Raises:
      RunError: the directory belongs to a run that differs, named by field.
    """
    path = os.path.join(run_dir, IDENTITY_FILE)
    asked = json.loads(json.dumps(identity))
    if tf.io.gfile.exists(path):
        found = read_identity(run_dir)
        changed = _differences(found, asked)
        if changed:
            raise RunError(
                f"{run_dir} belongs to another run ({'; '.join(changed)}): "
                "choose another --run_dir, or change the configuration back"
            )
        return
    try:
        tf.io.gfile.makedirs(run_dir)
        write_text(path, json.dumps(asked, indent=1, sort_keys=True))
    except tf.errors.OpError as error:
        raise RunError(f"can't write {run_dir}: {error.message}") from error


def read_identity(run_dir: str) -> dict[str, Any]:
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
        return dict(json.loads(file.read()))


def write_text(path: str, text: str) -> None:
    """Writes a text file under another name, then renames it."""
    temporary = f"{path}.new"
    with tf.io.gfile.GFile(temporary, "w") as file:
        file.write(text)
    tf.io.gfile.rename(temporary, path, overwrite=True)


def _differences(found: Any, asked: Any, name: str = "") -> list[str]:
    if not (isinstance(found, dict) and isinstance(asked, dict)):
        return (
            [] if found == asked else [f"{name}: {found} there, {asked} here"]
        )
    return [
        line
        for key in sorted({*found, *asked})
        for line in _differences(
            found.get(key), asked.get(key), f"{name}.{key}".strip(".")
        )
    ]
