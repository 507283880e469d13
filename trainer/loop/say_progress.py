"""A log line: loss, speed, wait for input, time left."""

import logging

from trainer.loop import loop

_LOG = logging.getLogger(__name__)


class SayProgress(loop.Action):
    """A log line: loss, speed, wait for input, time left."""

    def __init__(self, last_step: int):
        """Logs the way to `last_step`; `Timings` stands before it."""
        self._last_step = last_step

    def after(self, progress: loop.Progress) -> None:
        """Logs the line."""
        scalars = progress.made.scalars
        per_step = progress.seconds / progress.num_steps
        left = (self._last_step - progress.step) * per_step
        first = scalars.get("first_batch_seconds")
        _LOG.info(
            "step %d of %d: loss %.3f nats/token, %d spikes, %.0f images/s, "
            "%.0f tokens/s, input wait %.1f %%%s, %d:%02d left",
            progress.step,
            self._last_step,
            scalars["loss"],
            scalars["spikes"],
            scalars["images_per_second"],
            scalars["tokens_per_second"],
            100 * scalars["input_wait"],
            f" after {first:.1f} s for the first batch" if first else "",
            left // 60,
            left % 60,
        )
