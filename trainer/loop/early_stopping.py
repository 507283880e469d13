"""Scores the validation split, keeps the best checkpoint, stops in time."""

import logging
import math
from collections.abc import Callable

import tensorflow as tf

from trainer.loop import every, loop, metrics_log
from trainer.run import checkpoints as checkpoints_lib

_LOG = logging.getLogger(__name__)


class Patience(tf.Module):
    """The best score so far, and evaluations since; saved in checkpoints.

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
        """Records a score, and returns whether it is the best so far."""
        best = float(self.best)
        if score < best if self.lower else score > best:
            self.best.assign(score)
            self.waited.assign(0)
            return True
        self.waited.assign_add(1)
        return False


class EvaluateAndStop(loop.Action):
    """Scores the validation split, keeps the best, and stops in time."""

    def __init__(
        self,
        evaluate: Callable[[], dict[str, float]],
        *,
        when: every.Every,
        select_by: str,
        patience: Patience,
        log: metrics_log.MetricsLog | metrics_log.NoLog,
        checkpoints: checkpoints_lib.Checkpoints,
    ):
        """Evaluates at the steps of `when`.

        Args:
          evaluate: returns scalars, `select_by` among them.
          when: which steps.
          select_by: the score that picks the best.
          patience: checkpointed with the run; decides which score is better.
          log: where the scalars are written.
          checkpoints: where the best captioner is saved.
        """
        self._evaluate, self._when = evaluate, when
        self._select_by, self._patience = select_by, patience
        self._log, self._checkpoints = log, checkpoints

    def after(self, progress: loop.Progress) -> None:
        """Evaluates when it is time.

        Raises:
          loop.StopTraining: patience has run out.
        """
        if not self._when(progress):
            return
        scalars = self._evaluate()
        self._log.write(
            progress.step, {f"validation/{k}": v for k, v in scalars.items()}
        )
        said = ", ".join(f"{name} {v:.3f}" for name, v in scalars.items())
        _LOG.info("step %d, validation: %s", progress.step, said)
        if self._patience.improves(scalars[self._select_by]):
            self._checkpoints.save_best(progress.step)
        elif self._patience.has_run_out:
            gone = "fallen below" if self._patience.lower else "risen above"
            raise loop.StopTraining(
                f"stopped early at step {progress.step}: {self._select_by} has "
                f"not {gone} {float(self._patience.best):.3f} for "
                f"{self._patience.limit} evaluations"
            )
