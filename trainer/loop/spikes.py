"""Counts losses that stand out from those before them."""

import numpy as np
import tensorflow as tf

from trainer.loop import loop

_WINDOW = 100
_FEWEST = 20
# Of a normal distribution, 1.4826 MAD are a standard deviation.
_FAR = 6 * 1.4826
_NATS = 0.01


class Spikes(tf.Module, loop.Action):
    """The losses of the last updates, and the number of spikes; checkpointed.

    A loss is a spike when it lies above the median of the last 100 by more than
    six robust standard deviations (median absolute deviation: Hampel 1974) and
    a hundredth of a nat. There are none among the first 20.

    Attributes:
      recent: float32 variable [100], losses in a ring.
      seen: int64 variable, losses so far.
      count: int64 variable, spikes so far.
    """

    def __init__(self) -> None:
        """Starts without any loss."""
        super().__init__(name="spikes")
        self.recent = tf.Variable(tf.zeros([_WINDOW]), False, name="recent")
        self.seen = tf.Variable(0, False, name="seen", dtype=tf.int64)
        self.count = tf.Variable(0, False, name="count", dtype=tf.int64)

    def after(self, progress: loop.Progress) -> None:
        """Counts the last call's spikes, and adds the scalar `spikes`."""
        self.take(progress.made.losses)
        progress.made.scalars["spikes"] = float(self.count)

    def take(self, losses: tuple[float, ...]) -> None:
        """Counts the losses that stand out from those before them."""
        recent, seen, spikes = self.recent.numpy(), int(self.seen), 0
        for loss in losses:
            spikes += seen >= _FEWEST and _stands_out(loss, recent[:seen])
            recent[seen % _WINDOW] = loss
            seen += 1
        self.recent.assign(recent)
        self.seen.assign(seen)
        self.count.assign_add(spikes)


def _stands_out(loss: float, before: np.ndarray) -> bool:
    median = np.median(before)
    spread = np.median(np.abs(before - median))
    return bool(loss - median > max(_FAR * spread, _NATS))
