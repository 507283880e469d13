"""When a periodic action is due."""

from trainer.loop import loop


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
