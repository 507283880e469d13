"""A profile of some steps, on demand."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from trainer.loop import loop


@dataclasses.dataclass(frozen=True)
class Profile:
    """TensorBoard's profile of the calls that make any of some steps.

    Attributes:
      folder: gets `plugins/profile/<time>/`, one for each call.
      steps: the first and the one behind the last, counted from zero; None
        for no profile.
    """

    folder: str
    steps: tuple[int, int] | None

    def over(
        self, train: Callable[[int], loop.Updates], *, first_step: int
    ) -> Callable[[int], loop.Updates]:
        """The updates, some of them profiled."""
        if self.steps is None:
            return train
        first, last = self.steps
        done = first_step

        def make_updates(count: int) -> loop.Updates:
            nonlocal done
            begin, done = done, done + count
            if done <= first or begin >= last:
                return train(count)
            with tf.profiler.experimental.Profile(self.folder):
                return train(count)

        return make_updates
