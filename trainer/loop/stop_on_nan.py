"""Ends a run whose loss or gradients are not finite."""

from collections.abc import Callable

from trainer.loop import loop
from trainer.run import checkpoints as checkpoints_lib


class StopOnNan(loop.Action):
    """Ends a run whose loss or gradients are not finite, before it is saved."""

    def __init__(
        self,
        image_ids: Callable[[int], list[str]],
        checkpoints: checkpoints_lib.Checkpoints,
    ):
        """Keeps what the error message names.

        Args:
          image_ids: ids of the images in the batch after that many updates.
          checkpoints: the run's; the newest was saved before the fault.
        """
        self._image_ids, self._checkpoints = image_ids, checkpoints

    def after(self, progress: loop.Progress) -> None:
        """Raises FloatingPointError: names step, images and checkpoint."""
        step = progress.broken_step
        if step is not None:
            raise FloatingPointError(
                f"loss or gradients of step {step} are no numbers: lower "
                "AdamW.learning_rate, or lengthen AdamW.warmup_steps, or look "
                f"at its images: {', '.join(self._image_ids(step - 1))}; last "
                f"good checkpoint: {self._checkpoints.newest or 'none yet'}"
            )
