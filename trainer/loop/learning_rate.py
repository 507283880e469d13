"""The learning rate of an update, as a scalar."""

from collections.abc import Callable

import tensorflow as tf

from trainer.loop import loop


class LearningRate(loop.Action):
    """Adds `learning_rate`: that of the last update that was not skipped."""

    def __init__(self, rate: Callable[[tf.Tensor], tf.Tensor]):
        """Takes a schedule: updates made before, int [] -> float32 []."""
        self._rate = rate

    def after(self, progress: loop.Progress) -> None:
        """Adds the scalar."""
        scalars = progress.made.scalars
        made = progress.step - int(scalars["skipped"])
        before = tf.constant(max(made - 1, 0))
        scalars["learning_rate"] = float(self._rate(before))
