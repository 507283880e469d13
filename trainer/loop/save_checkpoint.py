"""Saves the run every so often."""

from trainer.loop import every, loop
from trainer.run import checkpoints as checkpoints_lib


class SaveCheckpoint:
    """Saves the run periodically; runs last, after the evaluation."""

    def __init__(
        self, checkpoints: checkpoints_lib.Checkpoints, *, when: every.Every
    ):
        """Takes finished objects."""
        self._checkpoints, self._when = checkpoints, when

    def __call__(self, report: loop.Report) -> None:
        """Saves when it is time."""
        if self._when(report):
            self._checkpoints.save(report.step)
