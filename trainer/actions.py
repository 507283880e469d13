"""What happens between steps: each action is a condition and a deed."""

import json
import logging
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from trainer import checkpoint, loop, tensorboard

_LOG = logging.getLogger(__name__)
METRICS_FILE = "metrics.jsonl"
LOWER_IS_BETTER = ("loss",)
"""Of the validation scores; of the others, the highest is the best."""
CLOCKED = ("train/input_wait", "train/step_seconds")
"""Scalars read off a clock, which no two runs have alike; all others are the
same to the bit in a run that was killed and resumed."""


class Every:
    """Fires when a multiple of a number of steps is passed, and at the end."""

    def __init__(self, steps: int, last_step: int):
        """Raises ValueError: `steps` is not positive."""
        if steps < 1:
            raise ValueError(f"`every` must be positive, got {steps} steps")
        self._steps, self._last = steps, last_step

    def __call__(self, report: loop.Report) -> bool:
        """Whether the report's updates passed a multiple or the last step."""
        before = report.step - report.num_steps
        passed = report.step // self._steps > before // self._steps
        return passed or report.step >= self._last


class SayProgress:
    """A log line: loss, speed, wait for input, time left."""

    def __init__(self, last_step: int, images_per_step: int):
        """Keeps what the line needs."""
        self._last_step, self._images = last_step, images_per_step

    def __call__(self, report: loop.Report) -> None:
        """Logs the line."""
        per_step = report.seconds / report.num_steps
        left = (self._last_step - report.step) * per_step
        _LOG.info(
            "step %d of %d: loss %.3f nats/token, %d spikes, %.0f images/s, "
            "%.0f tokens/s, input wait %.1f %%, %d:%02d left",
            report.step,
            self._last_step,
            report.scalars["loss"],
            report.scalars["spikes"],
            self._images / per_step,
            report.scalars["tokens"] / report.seconds,
            100 * report.input_wait,
            left // 60,
            left % 60,
        )


class StopOnNan:
    """Ends a run whose loss or gradients are no numbers, before it is saved."""

    def __init__(
        self,
        image_ids: Callable[[int], list[str]],
        checkpoints: checkpoint.Checkpoints,
    ):
        """Takes what the message names.

        Args:
          image_ids: of the batch that follows so many updates.
          checkpoints: of which the newest is good.
        """
        self._image_ids, self._checkpoints = image_ids, checkpoints

    def __call__(self, report: loop.Report) -> None:
        """Raises FloatingPointError: names step, images and checkpoint."""
        step = report.broken_step
        if step is not None:
            raise FloatingPointError(
                f"loss or gradients of step {step} are no numbers: lower "
                "AdamW.learning_rate, or lengthen AdamW.warmup_steps, or look "
                f"at its images: {', '.join(self._image_ids(step - 1))}; last "
                f"good checkpoint: {self._checkpoints.newest or 'none yet'}"
            )


class MetricsLog:
    """`metrics.jsonl` and TensorBoard, from one call."""

    def __init__(
        self, run_dir: str, board: tensorboard.Board, *, resumed_step: int
    ):
        """Opens the file; its rows past the resumed step are dropped."""
        self._run_dir, self._board = run_dir, board
        self._path = os.path.join(run_dir, METRICS_FILE)
        rows = read_metrics(run_dir)
        self._written = sum(row["step"] <= resumed_step for row in rows)
        self._late: list[str] = []
        self._trim()

    def write(self, step: int, scalars: dict[str, float]) -> None:
        """Adds a row; a scalar's name is `group/name`.

        A row that finds no room is written with the next that does; TensorBoard
        goes without it.
        """
        try:
            self._write_row(json.dumps({"step": step, **scalars}))
            self._board.scalars(step, scalars)
        except (OSError, tf.errors.OpError) as error:
            _LOG.error("can't write the metrics of step %d: %s", step, error)

    def _write_row(self, row: str) -> None:
        self._late.append(row)
        if len(self._late) > 1:
            self._trim()
        with tf.io.gfile.GFile(self._path, "a") as file:
            file.write("".join(f"{late}\n" for late in self._late))
        self._written += len(self._late)
        self._late = []

    def _trim(self) -> None:
        """Cuts off what is past the rows that are known to be whole."""
        rows = read_metrics(self._run_dir)[: self._written]
        checkpoint.write_text(
            self._path, "".join(json.dumps(row) + "\n" for row in rows)
        )

    def __call__(self, report: loop.Report) -> None:
        """Writes the training scalars, and those of `CLOCKED`."""
        scalars = {f"train/{name}": v for name, v in report.scalars.items()}
        seconds = sum(report.took) / report.num_steps
        clocked = zip(CLOCKED, (report.input_wait, seconds), strict=True)
        self.write(report.step, {**scalars, **dict(clocked)})


class ShowOnBoard:
    """Distributions of the weights, and captioned pictures, on TensorBoard."""

    def __init__(
        self,
        board: tensorboard.Board,
        *,
        weights: Sequence[keras.Variable],
        pictures: Callable[[], Iterable[tensorboard.Picture]],
        when: Every,
    ):
        """Takes finished objects; `pictures` makes the same ones each time."""
        self._board, self._when = board, when
        self._weights, self._pictures = weights, pictures

    def __call__(self, report: loop.Report) -> None:
        """Shows them when it is time; goes on where there is no room."""
        if not self._when(report):
            return
        weights = {f"weights/{v.path}": v.numpy() for v in self._weights}
        pictures = list(self._pictures())
        try:
            self._board.histograms(report.step, weights)
            self._board.pictures(report.step, pictures)
        except (OSError, tf.errors.OpError) as error:
            _LOG.error("can't show step %d: %s", report.step, error)


class NoLog:
    """In the place of `MetricsLog` where another worker writes it."""

    def write(self, step: int, scalars: dict[str, float]) -> None:
        """Does nothing."""

    def __call__(self, report: loop.Report) -> None:
        """Does nothing."""


def read_metrics(run_dir: str) -> list[dict[str, Any]]:
    """The rows of `metrics.jsonl`, oldest first; none before training.

    A last row that was cut while it was written is left out.
    """
    path = os.path.join(run_dir, METRICS_FILE)
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path, "r") as file:
        *lines, _ = file.read().split("\n")
        return [json.loads(line) for line in lines]


def best_row(
    rows: Sequence[Mapping[str, float]], select_by: str
) -> Mapping[str, float] | None:
    """The first row with the best finite `validation/<select_by>`, if any."""
    key = f"validation/{select_by}"
    finite = [row for row in rows if math.isfinite(row.get(key, math.nan))]
    pick = min if select_by in LOWER_IS_BETTER else max
    return pick(finite, key=lambda row: row[key], default=None)


class Patience(tf.Module):
    """The best score so far and how many evaluations ago; checkpointed.

    Attributes:
      limit: evaluations without a better score before the run ends.
      lower: whether a lower score is better, as of a loss.
      best: float64 variable.
      waited: int64 variable, evaluations since.
    """

    def __init__(self, limit: int, *, lower: bool = False) -> None:
        """Raises ValueError: `limit` is not positive."""
        super().__init__()
        if limit < 1:
            raise ValueError(f"`patience` must be positive, got {limit}")
        self.limit, self.lower = limit, lower
        # In float32 an equal score could pass for a better one.
        self.best = tf.Variable(
            math.inf if lower else -math.inf,
            trainable=False,
            name="best",
            dtype=tf.float64,
        )
        self.waited = tf.Variable(
            0, trainable=False, name="waited", dtype=tf.int64
        )

    @property
    def has_run_out(self) -> bool:
        """Whether the run is over."""
        return int(self.waited) >= self.limit

    def improves(self, score: float) -> bool:
        """Takes a score; whether it is the best."""
        best = float(self.best)
        if score < best if self.lower else score > best:
            self.best.assign(score)
            self.waited.assign(0)
            return True
        self.waited.assign_add(1)
        return False


class EvaluateAndStop:
    """Scores the validation split; keeps the best; stops when it is past."""

    def __init__(
        self,
        evaluate: Callable[[], dict[str, float]],
        *,
        when: Every,
        select_by: str,
        patience: Patience,
        log: MetricsLog | NoLog,
        checkpoints: checkpoint.Checkpoints,
    ):
        """Takes finished objects.

        Args:
          evaluate: returns scalars, `select_by` among them.
          when: which steps.
          select_by: the score that picks the best.
          patience: checkpointed with the run; knows which score is better.
          log: gets the scalars.
          checkpoints: gets the best.
        """
        self._evaluate, self._when = evaluate, when
        self._select_by, self._patience = select_by, patience
        self._log, self._checkpoints = log, checkpoints

    def __call__(self, report: loop.Report) -> None:
        """Evaluates when it is time.

        Raises:
          ValueError: `select_by` is not among the scores.
          loop.StopTraining: patience has run out.
        """
        if not self._when(report):
            return
        scalars = self._evaluate()
        if self._select_by not in scalars:
            raise ValueError(
                f"`select_by` must be one of {', '.join(sorted(scalars))}, "
                f"got {self._select_by!r}"
            )
        self._log.write(
            report.step, {f"validation/{k}": v for k, v in scalars.items()}
        )
        said = ", ".join(f"{name} {v:.3f}" for name, v in scalars.items())
        _LOG.info("step %d, validation: %s", report.step, said)
        if self._patience.improves(scalars[self._select_by]):
            self._checkpoints.save_best(report.step)
        elif self._patience.has_run_out:
            gone = "fallen below" if self._patience.lower else "risen above"
            raise loop.StopTraining(
                f"stopped early at step {report.step}: {self._select_by} has "
                f"not {gone} {float(self._patience.best):.3f} for "
                f"{self._patience.limit} evaluations"
            )


class SaveCheckpoint:
    """Saves the run every so often; runs last, after the evaluation."""

    def __init__(self, checkpoints: checkpoint.Checkpoints, *, when: Every):
        """Takes finished objects."""
        self._checkpoints, self._when = checkpoints, when

    def __call__(self, report: loop.Report) -> None:
        """Saves when it is time."""
        if self._when(report):
            self._checkpoints.save(report.step)
