"""Saves and restores a run: the newest checkpoints, and the best one."""

import contextlib
import itertools
import logging
import os
import re
from typing import Any

import tensorflow as tf

from trainer.run import directory as directory_lib

_LOG = logging.getLogger(__name__)
_MOST_MISSES = 3
# The name of the entry in a checkpoint that holds its run's name.
_NAME = "run/.ATTRIBUTES/VARIABLE_VALUE"
# What TensorFlow raises when it reads a file that is cut, changed or gone.
_DAMAGE = (tf.errors.OpError, OSError, IndexError, RuntimeError, ValueError)


class Checkpoints:
    """The newest few checkpoints of a run, and its best.

    A checkpoint holds the captioner, the optimizer with its slots, the step
    (which decides input and dropout) and the state of early stopping. It is
    written under another name first and then renamed.
    """

    def __init__(
        self, run_dir: str, *, run: str = "", writes: bool = True, **parts: Any
    ):
        """Takes what to save, and where.

        Args:
          run_dir: the run's folder.
          run: the run's name, which its checkpoints carry; see
            `directory.run_name`.
          writes: whether saving does anything; of several workers one does.
          **parts: what is saved: `captioner`, `optimizer`, `step` and so on.
        """
        self._run, self._writes = run, writes
        # Older checkpoints carry no name, so restoring must not expect one.
        self._restored = tf.train.Checkpoint(**parts)
        with tf.device("CPU:0"):
            name = tf.Variable(run, trainable=False, dtype=tf.string)
        saved = tf.train.Checkpoint(run=name, **parts)
        self._newest = tf.train.CheckpointManager(
            saved, os.path.join(run_dir, directory_lib.NEWEST), 2
        )
        self._best = tf.train.CheckpointManager(
            saved, os.path.join(run_dir, directory_lib.BEST), 1
        )
        self._misses, self._saved_step = 0, -1

    @property
    def newest(self) -> str:
        """Returns the newest checkpoint's path; empty before the first."""
        return next(iter(_found(self._newest.directory)), "")

    def save(self, step: int, *, last: bool = False) -> None:
        """Saves the run as it is now; a second call at a step does nothing.

        If saving fails, as on a full disk, the run goes on: the next checkpoint
        may be saved.

        Args:
          step: number of updates made.
          last: whether this is the run's end, at which failing is an error.

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
        """Restores the newest sound checkpoint; returns whether there is one.

        Removes what a killed process left half written, so no other process may
        be training in this directory.

        Raises:
          RunError: there are checkpoints, and all are damaged, or the newest
            belongs to another run.
        """
        newest, best = self._newest.directory, self._best.directory
        for directory in (newest, best) if self._writes else ():
            _sweep(directory)
        return self._restore([*_found(newest), *_found(best)])

    def restore_best(self) -> None:
        """Restores the best checkpoint, or the newest if there is no best yet.

        Raises:
          RunError: the run has saved no checkpoint, or all are damaged, or the
            best belongs to another run.
        """
        best = self._best.directory
        if not self._restore(self._best_first):
            raise directory_lib.RunError(
                f"no checkpoint in {os.path.dirname(best)}: "
                "train first (--mode=train)"
            )

    def restore_any(self) -> int | None:
        """Restores what fits of the best checkpoint, whichever run's it is.

        Returns:
          The step in its name; None if there is no sound one.
        """
        for path in self._best_first:
            with contextlib.suppress(*_DAMAGE):
                self._restored.restore(path).expect_partial()
                return _step(path)
        return None

    @property
    def best_step(self) -> int | None:
        """The step of the best checkpoint; None if nothing is saved."""
        return next(map(_step, self._best_first), None)

    @property
    def _best_first(self) -> list[str]:
        return [*_found(self._best.directory), *_found(self._newest.directory)]

    def _restore(self, paths: list[str]) -> bool:
        """Restores the first sound checkpoint; false if there is none."""
        for path, other in itertools.zip_longest(paths, paths[1:]):
            try:
                self._require_own(path)
                status = self._restored.restore(path)
                status.assert_existing_objects_matched().expect_partial()
                return True
            except directory_lib.RunError:
                raise
            except AssertionError as error:
                raise directory_lib.RunError(
                    f"checkpoint {path} does not hold this run: "
                    f"{_first_line(error)}"
                ) from error
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
        return False

    def _require_own(self, path: str) -> None:
        """Raises RunError if the checkpoint carries another run's name."""
        reader = tf.compat.v1.train.NewCheckpointReader(path)
        if not reader.has_tensor(_NAME):
            return
        name = reader.get_tensor(_NAME).decode()
        if name != self._run:
            raise directory_lib.RunError(
                f"checkpoint {path} belongs to another run (run {name[:12]} "
                f"there, {self._run[:12]} in {directory_lib.IDENTITY_FILE}): "
                "bring back the run's own"
            )


def newest_step(run_dir: str) -> int:
    """Returns the step that a run would go on from; 0 without a checkpoint."""
    folders = (directory_lib.NEWEST, directory_lib.BEST)
    paths = [_found(os.path.join(run_dir, folder)) for folder in folders]
    newest = next(itertools.chain(*paths), "ckpt-0")
    return _step(newest)


def _step(path: str) -> int:
    return int(path.rpartition("-")[2])


def _found(directory: str) -> list[str]:
    """Lists the paths of a folder's checkpoints on disk, newest first."""
    names = directory_lib.names(directory)
    found = (re.fullmatch(r"ckpt-(\d+)\.index", name) for name in names)
    numbers = [int(name[1]) for name in found if name]
    return [
        os.path.join(directory, f"ckpt-{number}")
        for number in sorted(numbers, reverse=True)
    ]


def _sweep(directory: str) -> None:
    """Removes half-written checkpoints."""
    for name in directory_lib.names(directory):
        if "_temp" in name:
            tf.io.gfile.rmtree(os.path.join(directory, name))


def _first_line(error: Exception) -> str:
    """Returns an error's first line, without the name of TensorFlow's op."""
    text = error.message if isinstance(error, tf.errors.OpError) else str(error)
    return re.sub(r"^\{\{.*?\}\} ", "", text).strip().split("\n")[0]
