"""Scores the validation split, keeps the best checkpoint, stops in time."""

import logging
import math
from collections.abc import Callable, Mapping

import tensorflow as tf

from trainer.loop import every, loop, metrics_log
from trainer.run import checkpoints as checkpoints_lib

_LOG = logging.getLogger(__name__)
# Farther than any score: a captioner that looks is better by more than that.
_COLLAPSE = 1e6


class Patience(tf.Module):
    """The best score so far, and evaluations since; saved in checkpoints.

    Any score is better than one of captions that owe nothing to their images:
    such a score counts as worse by a million, so that the best of them is kept
    until a captioner looks, and none after that.

    Attributes:
      limit: evaluations without a better score before the run ends.
      lower: whether a lower score is better, as of a loss.
      best: float64 variable, worse by a million where its captions owed nothing
        to their images.
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

    @property
    def score(self) -> float:
        """The score of the best."""
        best = float(self.best)
        far = abs(best) > _COLLAPSE / 2 and math.isfinite(best)
        return best - self._handicap if far else best

    @property
    def _handicap(self) -> float:
        return _COLLAPSE if self.lower else -_COLLAPSE

    def improves(self, score: float, *, collapsed: bool = False) -> bool:
        """Records a score, and returns whether it is the best so far.

        Args:
          score: of an evaluation.
          collapsed: whether its captions owe nothing to their images.
        """
        best = float(self.best)
        score += self._handicap if collapsed else 0.0
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
        warn: Callable[[int], None],
        faults: Callable[[Mapping[str, float]], str],
    ):
        """Evaluates at the steps of `when`.

        Args:
          evaluate: returns scalars, `select_by` among them; `collapsed` is 1
            if the captions owe nothing to their images.
          when: which steps.
          select_by: the score that picks the best.
          patience: checkpointed with the run; decides which score is better.
          log: where the scalars are written.
          checkpoints: where the best captioner is saved.
          warn: called with the step where captions owe nothing to their images.
          faults: what is wrong with the scalars, so that the run must end with
            the best that it has; '' for nothing.
        """
        self._evaluate, self._when = evaluate, when
        self._select_by, self._patience = select_by, patience
        self._log, self._checkpoints = log, checkpoints
        self._warn, self._faults = warn, faults

    def after(self, progress: loop.Progress) -> None:
        """Evaluates when it is time.

        Raises:
          loop.StopTraining: patience has run out, or the scalars are at fault.
        """
        if not self._when(progress):
            return
        scalars = self._evaluate()
        self._log.write(
            progress.step, {f"validation/{k}": v for k, v in scalars.items()}
        )
        said = ", ".join(f"{name} {v:.3f}" for name, v in scalars.items())
        _LOG.info("step %d, validation: %s", progress.step, said)
        collapsed = scalars.get("collapsed") == 1
        if collapsed:
            self._warn(progress.step)
        fault = self._faults(scalars)
        if fault:
            raise loop.StopTraining(f"stopped at step {progress.step}: {fault}")
        score, best = scalars[self._select_by], self._patience.score
        if self._patience.improves(score, collapsed=collapsed):
            self._checkpoints.save_best(progress.step)
            return
        if collapsed and (
            score < best if self._patience.lower else score > best
        ):
            _LOG.warning(
                "step %d is not kept as the best, though %s is %.3f and was "
                "%.3f: its captions owe nothing to their images",
                progress.step,
                self._select_by,
                score,
                best,
            )
        if self._patience.has_run_out:
            gone = "fallen below" if self._patience.lower else "risen above"
            raise loop.StopTraining(
                f"stopped early at step {progress.step}: {self._select_by} has "
                f"not {gone} {self._patience.score:.3f} for "
                f"{self._patience.limit} evaluations"
            )
