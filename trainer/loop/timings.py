"""How fast updates were: those of each call, and all of the run."""

import array

import numpy as np

from trainer.loop import loop

NAMES = (
    "images_per_second",
    "tokens_per_second",
    "step_seconds_median",
    "step_seconds_p95",
    "input_wait",
    "first_batch_seconds",
)
"""Scalars read off a clock, so that they differ from run to run."""


class Timings(loop.Action):
    """Adds the scalars of `NAMES`, and collects the seconds of every update.

    The wait for the first batch, while the input starts, is told by itself: it
    is part of neither an update's seconds nor `input_wait`.
    """

    def __init__(self, images_per_step: int) -> None:
        """Starts without any update, at that many images an update."""
        self._images = images_per_step
        # Four bytes an update.
        self._took = array.array("f")
        self._waited, self._start = 0.0, 0.0

    def after(self, progress: loop.Progress) -> None:
        """Adds the updates of the last call, and their scalars."""
        made, seconds = progress.made, progress.seconds
        took, waited = np.array(made.took), np.array(made.waited)
        if not self._took:
            self._start, waited[0] = float(waited[0]), 0.0
            took[0] -= self._start
            made.scalars["first_batch_seconds"] = self._start
        self._took.extend(took)
        self._waited += waited.sum()
        median, slow = np.percentile(took, [50, 95])
        made.scalars.update(
            {
                "images_per_second": self._images
                * progress.num_steps
                / seconds,
                "tokens_per_second": made.scalars["tokens"] / seconds,
                "step_seconds_median": float(median),
                "step_seconds_p95": float(slow),
                "input_wait": float(waited.sum() / took.sum()),
            }
        )

    def __str__(self) -> str:
        """Median, 95th percentile and wait for input of this process."""
        if not self._took:
            return "no update was made"
        took = np.array(self._took, np.float64)
        median, slow = np.percentile(took, [50, 95])
        return (
            f"{len(took)} updates: median {median:.3g} s, 95 % within "
            f"{slow:.3g} s, input wait {100 * self._waited / took.sum():.1f} % "
            f"after {self._start:.1f} s for the first batch"
        )
