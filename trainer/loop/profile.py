"""A profile of some steps, on demand."""

import tensorflow as tf

from trainer.loop import loop


class Profile(loop.Action):
    """TensorBoard's profile of the calls that make any of the asked steps."""

    def __init__(self, folder: str, steps: tuple[int, int]):
        """Profiles into a folder.

        Args:
          folder: where each profiled call writes `plugins/profile/<time>/`.
          steps: the first step and the one after the last, from zero.
        """
        self._folder, self._steps = folder, steps
        self._running = False

    def before(self, step: int, num_steps: int) -> None:
        """Starts the profiler if the call makes any of the steps."""
        first, last = self._steps
        if step < last and step + num_steps > first:
            tf.profiler.experimental.start(self._folder)
            self._running = True

    def after(self, progress: loop.Progress) -> None:
        """Writes the profile of the last call."""
        if self._running:
            tf.profiler.experimental.stop()
            self._running = False
