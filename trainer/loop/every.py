"""When a periodic action is due."""

from trainer.loop import loop


class Every:
    """Fires when a multiple of a number of steps is passed, and at the end."""

    def __init__(self, steps: int, last_step: int):
        """Raises ValueError: `steps` is not positive."""
        if steps < 1:
            raise ValueError(f"`every` must be positive, got {steps} steps")
        self._steps, self._last = steps, last_step

    def __call__(self, progress: loop.Progress) -> bool:
        """Whether the last call passed a multiple, or reached the last step."""
        before = progress.step - progress.num_steps
        passed = progress.step // self._steps > before // self._steps
        return passed or progress.step >= self._last
