"""Writes each call's scalars to `metrics.jsonl` and TensorBoard."""

import logging
import os

import tensorflow as tf

from trainer.loop import loop, timings
from trainer.run import directory, event_files, metrics_file

_LOG = logging.getLogger(__name__)
_GROUP = "train/"
CLOCKED = tuple(_GROUP + name for name in timings.NAMES)
"""Scalars that differ from run to run. All others are the same to the bit in a
run that was killed and resumed."""


class MetricsLog(loop.Action):
    """Writes scalars to `metrics.jsonl` and to TensorBoard."""

    def __init__(
        self, run_dir: str, board: event_files.Board, *, resumed_step: int
    ):
        """Opens the file, and drops its rows after the resumed step."""
        self._run_dir, self._board = run_dir, board
        self._path = os.path.join(run_dir, metrics_file.METRICS_FILE)
        rows = metrics_file.read_metrics(run_dir)
        self._written = sum(row["step"] <= resumed_step for row in rows)
        self._late: list[str] = []
        self._trim()

    def write(self, step: int, scalars: dict[str, float]) -> None:
        """Adds a row; a scalar's name is `group/name`.

        A row that cannot be written, as on a full disk, is kept and written
        together with the next one; TensorBoard goes without it.
        """
        try:
            self._write_row(metrics_file.dump({"step": step, **scalars}))
            self._board.scalars(step, scalars)
        except (OSError, tf.errors.OpError) as error:
            _LOG.error("can't write the metrics of step %d: %s", step, error)

    def _write_row(self, row: str) -> None:
        self._late.append(row)
        if len(self._late) > 1:
            self._trim()
        with tf.io.gfile.GFile(self._path, "a") as file:
            file.write("".join(self._late))
        self._written += len(self._late)
        self._late = []

    def _trim(self) -> None:
        """Cuts the file after the last row that was written whole."""
        rows = metrics_file.read_metrics(self._run_dir)[: self._written]
        text = "".join(map(metrics_file.dump, rows))
        directory.write_text(self._path, text)

    def after(self, progress: loop.Progress) -> None:
        """Writes the training scalars."""
        scalars = progress.made.scalars
        self.write(progress.step, {_GROUP + n: v for n, v in scalars.items()})


class NoLog(loop.Action):
    """Takes the place of `MetricsLog` in workers other than the chief."""

    def write(self, step: int, scalars: dict[str, float]) -> None:
        """Does nothing."""
