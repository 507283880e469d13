"""A log line: loss, speed, wait for input, time left."""

import logging

from trainer.loop import loop

_LOG = logging.getLogger(__name__)


class SayProgress(loop.Action):
    """A log line: loss, speed, wait for input, time left."""

    def __init__(self, last_step: int, images_per_step: int):
        """Logs the way to `last_step`, at that many images a step."""
        self._last_step, self._images = last_step, images_per_step

    def after(self, progress: loop.Progress) -> None:
        """Logs the line."""
        scalars = progress.made.scalars
        per_step = progress.seconds / progress.num_steps
        left = (self._last_step - progress.step) * per_step
        _LOG.info(
            "step %d of %d: loss %.3f nats/token, %d spikes, %.0f images/s, "
            "%.0f tokens/s, input wait %.1f %%, %d:%02d left",
            progress.step,
            self._last_step,
            scalars["loss"],
            scalars["spikes"],
            self._images / per_step,
            scalars["tokens"] / progress.seconds,
            100 * progress.made.input_wait,
            left // 60,
            left % 60,
        )
