"""How long updates took: the median, and the slow ones."""

import array

import numpy as np

from trainer.loop import loop


class Timings(loop.Action):
    """Collects the seconds of every update, in four bytes each."""

    def __init__(self) -> None:
        """Starts without any update."""
        self._took = array.array("f")
        self._waited = 0.0

    def after(self, progress: loop.Progress) -> None:
        """Adds the updates of the last call."""
        self._took.extend(progress.made.took)
        self._waited += progress.made.waited

    def __str__(self) -> str:
        """Median, 95th percentile and wait for input of this process."""
        if not self._took:
            return "no update was made"
        took = np.array(self._took, np.float64)
        middle, slow = np.percentile(took, [50, 95])
        return (
            f"{len(took)} updates: median {middle:.3g} s, 95 % within "
            f"{slow:.3g} s, input wait {100 * self._waited / took.sum():.1f} %"
        )
