"""A learning rate that rises until the loss is out of hand, and what it says.

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

# Of ten losses: a twentieth of the usual test, a quarter of a decade.
_KEPT = 0.9
_OUT_OF_HAND = 4.0
_SHARE = 0.1


@dataclasses.dataclass(frozen=True)
class Sweep:
    """An exponential rise of the learning rate.

    Attributes:
      low: the first update's.
      high: the last update's.
      num_steps: updates.

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
        """The rate, float32 [], of the update after `step` others."""
        share = tf.cast(step, tf.float32) / (self.num_steps - 1)
        return self.low * tf.pow(self.high / self.low, share)


@dataclasses.dataclass(frozen=True)
class SweptAdamW(optimizer.AdamW):
    """The run's optimizer, but for its schedule.

    Attributes:
      sweep: in the schedule's place.
    """

    sweep: Sweep = Sweep()

    def rate(self, step: tf.Tensor) -> tf.Tensor:
        """See `Sweep.rate`."""
        return self.sweep.rate(step)


@dataclasses.dataclass(frozen=True)
class Row:
    """One update.

    Attributes:
      step: from one.
      rate: its learning rate.
      loss: before it, nats per token; None where it was no number.
      smoothed: mean of the losses so far, each nine tenths of the next one's
        weight; None from the first that was no number on.
    """

    step: int
    rate: float
    loss: float | None
    smoothed: float | None


class Trial:
    """What the updates of a range test brought; an action of the loop.

    Attributes:
      rows: one an update.
    """

    def __init__(self, rate: Callable[[], float]):
        """Has seen nothing.

        Args:
          rate: the learning rate of the next update; it stands still where
            float16 gradients overflow.
        """
        self.rows: list[Row] = []
        self._rate = rate
        self._sum, self._weight = 0.0, 0.0

    def watched(
        self, train: Callable[[int], loop.Updates]
    ) -> Callable[[int], loop.Updates]:
        """The updates, one a call; the trial records each."""

        def make_updates(count: int) -> loop.Updates:
            rate = self._rate()
            made = train(count)
            self.take(rate, made.losses[-1])
            return made

        return make_updates

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

    def __call__(self, report: loop.Report) -> None:
        """Raises loop.StopTraining: the loss is out of hand."""
        if self.has_diverged:
            raise loop.StopTraining(f"the loss diverged at step {report.step}")

    @property
    def has_diverged(self) -> bool:
        """Whether the smoothed loss is four times its lowest, or no number."""
        last = self.rows[-1].smoothed
        return last is None or last > _OUT_OF_HAND * _loss(self.lowest)

    @property
    def lowest(self) -> Row:
        """The row of the lowest smoothed loss; of the first, where none is."""
        return min(self.rows, key=_loss)

    @property
    def suggested(self) -> float:
        """A tenth of the rate at the lowest smoothed loss."""
        return _SHARE * self.lowest.rate

    def verdict(self) -> str:
        """The suggestion, its rule, and what speaks against it, in one line."""
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
        return (
            f"suggested: AdamW.learning_rate = {self.suggested:.2g}, a tenth "
            f"of the rate at the lowest smoothed loss ({_loss(lowest):.3f} "
            f"nats/token at {lowest.rate:.2g}); the loss {end}{doubt}"
        )

    def dump(self) -> str:
        """The rows as JSON lines."""
        rows = (json.dumps(dataclasses.asdict(row)) for row in self.rows)
        return "".join(f"{row}\n" for row in rows)


def _loss(row: Row) -> float:
    return math.inf if row.smoothed is None else row.smoothed
