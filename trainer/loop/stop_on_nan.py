"""Ends a run whose loss or gradients are not finite."""

from collections.abc import Callable

from trainer.loop import loop
from trainer.run import checkpoints as checkpoints_lib


class StopOnNan:
    """Ends a run whose loss or gradients are no numbers, before it is saved."""

    def __init__(
        self,
        image_ids: Callable[[int], list[str]],
        checkpoints: checkpoints_lib.Checkpoints,
    ):
        """Takes what the message names.

        Args:
          image_ids: of the batch that follows so many updates.
          checkpoints: of which the newest is good.
        """
        self._image_ids, self._checkpoints = image_ids, checkpoints

    def __call__(self, report: loop.Report) -> None:
        """Raises FloatingPointError: names step, images and checkpoint."""
        step = report.broken_step
        if step is not None:
            raise FloatingPointError(
                f"loss or gradients of step {step} are no numbers: lower "
                "AdamW.learning_rate, or lengthen AdamW.warmup_steps, or look "
                f"at its images: {', '.join(self._image_ids(step - 1))}; last "
                f"good checkpoint: {self._checkpoints.newest or 'none yet'}"
            )
