"""A learning rate that rises until the loss diverges, and the rate to choose.

Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3,
with the exponential rise and the rules of Gugger 2018, "How do you find a good
learning rate": stop at four times the lowest loss, take a tenth of the rate at
the lowest.
"""

import dataclasses
import json
import math
from collections.abc import Callable

import tensorflow as tf

from trainer.loop import loop
from trainer.training import optimizer

# Smooths over ten losses: a twentieth of the usual 200, a quarter decade.
_KEPT = 0.9
_OUT_OF_HAND = 4.0
_SHARE = 0.1


@dataclasses.dataclass(frozen=True)
class Sweep:
    """An exponential rise of the learning rate.

    Attributes:
      low: rate of the first update.
      high: rate of the last update.
      num_steps: number of updates.

    Raises:
      ValueError: rates that are not positive or do not rise; one update.
    """

    low: float = 1e-5
    high: float = 10.0
    num_steps: int = 200

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        if not 0 < self.low < self.high:
            raise ValueError(
                "`low` must be positive and below `high`, got "
                f"{self.low} and {self.high}"
            )
        if self.num_steps < 2:
            raise ValueError(
                f"`num_steps` must be two or more, got {self.num_steps}"
            )

    def rate(self, step: tf.Tensor) -> tf.Tensor:
        """The rate of an update after `step` others; int [] -> float32 []."""
        share = tf.cast(step, tf.float32) / (self.num_steps - 1)
        return self.low * tf.pow(self.high / self.low, share)


@dataclasses.dataclass(frozen=True)
class SweptAdamW(optimizer.AdamW):
    """The run's optimizer with a rising learning rate.

    Attributes:
      sweep: takes the place of the schedule.
    """

    sweep: Sweep = Sweep()

    def rate(self, step: tf.Tensor) -> tf.Tensor:
        """See `Sweep.rate`."""
        return self.sweep.rate(step)


@dataclasses.dataclass(frozen=True)
class Row:
    """One update.

    Attributes:
      step: number of the update, from one.
      rate: learning rate of the update.
      loss: before the update, nats per token; None if it is not finite.
      smoothed: weighted mean of the losses so far, each with nine tenths of
        the next one's weight; None once a loss was not finite.
    """

    step: int
    rate: float
    loss: float | None
    smoothed: float | None


class Trial(loop.Action):
    """The updates of a range test, recorded by the loop, one a call.

    Attributes:
      rows: one for each update.
    """

    def __init__(self, rate: Callable[[], float], *, growth: float = 1.0):
        """Starts without any update.

        Args:
          rate: returns the learning rate of the next update. It does not rise
            after an update that was skipped for overflow in float16.
          growth: what `AdamW.scaling` multiplies the configured rate by.
        """
        self.rows: list[Row] = []
        self._rate, self._current = rate, math.nan
        self._growth = growth
        self._sum, self._weight = 0.0, 0.0

    def before(self, step: int, num_steps: int) -> None:
        """Reads the learning rate of the update that is about to be made."""
        self._current = self._rate()

    def after(self, progress: loop.Progress) -> None:
        """Records the update.

        Raises:
          loop.StopTraining: the loss is out of hand.
        """
        self.take(self._current, progress.made.losses[-1])
        if self.has_diverged:
            raise loop.StopTraining(
                f"the loss diverged at step {progress.step}"
            )

    def take(self, rate: float, loss: float) -> None:
        """Adds a row."""
        self._sum = _KEPT * self._sum + (1 - _KEPT) * loss
        self._weight = _KEPT * self._weight + 1 - _KEPT
        smoothed = self._sum / self._weight
        self.rows.append(
            Row(
                len(self.rows) + 1,
                rate,
                loss if math.isfinite(loss) else None,
                smoothed if math.isfinite(smoothed) else None,
            )
        )

    @property
    def has_diverged(self) -> bool:
        """Whether the smoothed loss is four times its lowest, or not finite."""
        last = self.rows[-1].smoothed
        return last is None or last > _OUT_OF_HAND * _loss(self.lowest)

    @property
    def lowest(self) -> Row:
        """The row with the lowest smoothed loss; else the first."""
        return min(self.rows, key=_loss)

    @property
    def suggested(self) -> float:
        """The setting that leads to a tenth of the rate at the lowest loss."""
        return _SHARE * self.lowest.rate / self._growth

    def verdict(self) -> str:
        """One line: the suggested rate, its rule, and a reason to doubt it."""
        lowest, last = self.lowest, self.rows[-1]
        end = (
            f"diverged at {last.rate:.2g}"
            if self.has_diverged
            else f"did not diverge up to {last.rate:.2g}"
        )
        doubt = ""
        if lowest is last:
            doubt = "; it still fell at the end: raise range_test.high"
        elif lowest.step == 1:
            doubt = "; it never fell: lower range_test.low"
        scaled = self.suggested * self._growth
        batch = (
            f" ({scaled:.2g} with this batch, by AdamW.scaling)"
            if self._growth != 1
            else ""
        )
        return (
            f"suggested: AdamW.learning_rate = {self.suggested:.2g}{batch}, a "
            "tenth of the rate at the lowest smoothed loss "
            f"({_loss(lowest):.3f} nats/token at {lowest.rate:.2g}); the loss "
            f"{end}{doubt}"
        )

    def dump(self) -> str:
        """The rows as JSON lines."""
        rows = (json.dumps(dataclasses.asdict(row)) for row in self.rows)
        return "".join(f"{row}\n" for row in rows)


def _loss(row: Row) -> float:
    return math.inf if row.smoothed is None else row.smoothed
