"""A log line: loss, speed, wait for input, time left."""

import logging

from trainer.loop import loop

_LOG = logging.getLogger(__name__)


class SayProgress:
    """A log line: loss, speed, wait for input, time left."""

    def __init__(self, last_step: int, images_per_step: int):
        """Keeps what the line needs."""
        self._last_step, self._images = last_step, images_per_step

    def __call__(self, report: loop.Report) -> None:
        """Logs the line."""
        per_step = report.seconds / report.num_steps
        left = (self._last_step - report.step) * per_step
        _LOG.info(
            "step %d of %d: loss %.3f nats/token, %d spikes, %.0f images/s, "
            "%.0f tokens/s, input wait %.1f %%, %d:%02d left",
            report.step,
            self._last_step,
            report.scalars["loss"],
            report.scalars["spikes"],
            self._images / per_step,
            report.scalars["tokens"] / report.seconds,
            100 * report.input_wait,
            left // 60,
            left % 60,
        )
