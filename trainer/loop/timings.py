"""How long updates took, as what is usual and what is slow."""

import array

import numpy as np

from trainer.loop import loop


class Timings:
    """Collects the seconds of every update, in four bytes each; an action."""

    def __init__(self) -> None:
        """Nothing is timed yet."""
        self._took = array.array("f")
        self._waited = 0.0

    def __call__(self, report: loop.Report) -> None:
        """Takes the call's updates."""
        self._took.extend(report.took)
        self._waited += report.waited

    def __str__(self) -> str:
        """Median, 95th percentile and wait; of this process's updates."""
        if not self._took:
            return "no update was made"
        took = np.array(self._took, np.float64)
        middle, slow = np.percentile(took, [50, 95])
        return (
            f"{len(took)} updates: median {middle:.3g} s, 95 % within "
            f"{slow:.3g} s, input wait {100 * self._waited / took.sum():.1f} %"
        )
