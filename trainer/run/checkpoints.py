"""Saves and restores a run: the newest checkpoints, and the best one."""

import itertools
import logging
import os
import re
from typing import Any

import tensorflow as tf

from trainer.run import directory as directory_lib

_LOG = logging.getLogger(__name__)
_MOST_MISSES = 3
# What reading a file that is cut, changed or gone ends in.
_DAMAGE = (tf.errors.OpError, OSError, IndexError, RuntimeError, ValueError)


class Checkpoints:
    """The newest few checkpoints of a run, and its best.

    A checkpoint holds the captioner, the optimizer with its slots, the step
    (which decides input and dropout) and the early stopping's state. It is
    written under another name, then renamed.
    """

    def __init__(self, run_dir: str, *, writes: bool = True, **parts: Any):
        """Binds a run's folder.

        Args:
          run_dir: of the run.
          writes: false makes saving do nothing: one worker does it for all.
          **parts: what is saved: `captioner`, `optimizer`, `step` and so on.
        """
        self._writes = writes
        self._checkpoint = tf.train.Checkpoint(**parts)
        self._newest = tf.train.CheckpointManager(
            self._checkpoint, os.path.join(run_dir, "checkpoints"), 2
        )
        self._best = tf.train.CheckpointManager(
            self._checkpoint, os.path.join(run_dir, "best"), 1
        )
        self._misses, self._saved_step = 0, -1

    @property
    def newest(self) -> str:
        """Path of the newest checkpoint; empty before the first."""
        return next(iter(_found(self._newest.directory)), "")

    def save(self, step: int, *, last: bool = False) -> None:
        """Saves the run as it stands, once a step.

        Where that fails, as on a full disk, the run goes on: the next
        checkpoint may fit.

        Args:
          step: updates made.
          last: nothing comes after it, so that failing is an error.

        Raises:
          RunError: it was the last, or failed several times in a row.
        """
        if step != self._saved_step and self._write(self._newest, step, last):
            self._saved_step = step

    def save_best(self, step: int) -> None:
        """Saves the run as its best so far; raises as `save` does."""
        self._write(self._best, step, last=False)

    def _write(
        self, manager: tf.train.CheckpointManager, step: int, last: bool
    ) -> bool:
        if not self._writes:
            return True
        try:
            manager.save(checkpoint_number=step)
        except (OSError, tf.errors.OpError) as error:
            self._misses += 1
            _sweep(manager.directory)
            said = (
                f"can't save step {step} in {manager.directory}: "
                f"{_first_line(error)}; newest checkpoint: "
                f"{self.newest or 'none'}"
            )
            if last or self._misses == _MOST_MISSES:
                raise directory_lib.RunError(said) from error
            _LOG.error(
                "%s; the run goes on (miss %d of %d)",
                said,
                self._misses,
                _MOST_MISSES,
            )
            return False
        self._misses = 0
        return True

    def restore(self) -> bool:
        """Goes back to the newest sound checkpoint; false where there is none.

        What a killed process left half written is removed: no other may be
        training in this directory.

        Raises:
          RunError: there are checkpoints, and all are damaged.
        """
        newest, best = self._newest.directory, self._best.directory
        for directory in (newest, best) if self._writes else ():
            _sweep(directory)
        status = self._restore([*_found(newest), *_found(best)])
        if status:
            status.assert_existing_objects_matched()
        return status is not None

    def restore_best(self) -> None:
        """Goes back to the best checkpoint, or the newest before any.

        Raises:
          RunError: the run has saved none, or all are damaged.
        """
        newest, best = self._newest.directory, self._best.directory
        status = self._restore([*_found(best), *_found(newest)])
        if not status:
            raise directory_lib.RunError(
                f"no checkpoint in {os.path.dirname(best)}: "
                "train first (--mode=train)"
            )
        status.expect_partial()

    def _restore(self, paths: list[str]) -> Any:
        """Restores the first sound checkpoint; None if there is none."""
        for path, other in itertools.zip_longest(paths, paths[1:]):
            try:
                return self._checkpoint.restore(path)
            except _DAMAGE as error:
                _LOG.error(
                    "checkpoint %s is damaged (%s): %s",
                    path,
                    _first_line(error),
                    f"going back to {other}" if other else "no other is left",
                )
        if paths:
            names = ", ".join(paths)
            raise directory_lib.RunError(
                f"every checkpoint is damaged: {names}; bring one back from a "
                "copy, or train anew in another --run_dir"
            )
        return None


def _found(directory: str) -> list[str]:
    """Paths of a folder's checkpoints as they are on disk, newest first."""
    names = tf.io.gfile.glob(os.path.join(directory, "ckpt-*.index"))
    numbers = [int(re.findall(r"-(\d+)\.index$", name)[0]) for name in names]
    return [
        os.path.join(directory, f"ckpt-{number}")
        for number in sorted(numbers, reverse=True)
    ]


def _sweep(directory: str) -> None:
    """Removes what is half written."""
    for path in tf.io.gfile.glob(os.path.join(directory, "*_temp*")):
        tf.io.gfile.rmtree(path)


def _first_line(error: Exception) -> str:
    """The error's first line, without the name of TensorFlow's operation."""
    text = error.message if isinstance(error, tf.errors.OpError) else str(error)
    return re.sub(r"^\{\{.*?\}\} ", "", text).strip().split("\n")[0]
