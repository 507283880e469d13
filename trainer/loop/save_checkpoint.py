"""Saves the run every so often."""

from trainer.loop import every, loop
from trainer.run import checkpoints as checkpoints_lib


class SaveCheckpoint(loop.Action):
    """Saves the run periodically; runs last, after the evaluation."""

    def __init__(
        self, checkpoints: checkpoints_lib.Checkpoints, *, when: every.Every
    ):
        """Saves with `checkpoints` at the steps of `when`."""
        self._checkpoints, self._when = checkpoints, when

    def after(self, progress: loop.Progress) -> None:
        """Saves when it is time."""
        if self._when(progress):
            self._checkpoints.save(progress.step)
