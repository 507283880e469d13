"""A signal to stop -> a checkpoint, and an exit code: restart me."""

import signal
from collections.abc import Callable
from typing import Any, Self

from trainer.loop import loop

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Preempted(Exception):
    """A signal stopped the run, which is saved.

    Attributes:
      exit_code: 128 plus the signal's number, 143 for SIGTERM. A shell reports
        the same for a process that the signal ended, and schedulers restart it.
    """

    def __init__(self, text: str, exit_code: int):
        """Says `text` to the user, and ends the process with `exit_code`."""
        super().__init__(text)
        self.exit_code = exit_code


class Notice(loop.Action):
    """Listens for SIGTERM and SIGINT while it is open; an action of the loop.

    The first signal takes effect after the current call of the step and the
    actions due after it, so that the resumed run misses nothing. The second
    ends the process at once.
    """

    def __init__(self, most: Callable[[int], int] = int) -> None:
        """Starts listening only when entered.

        Args:
          most: returns the largest of the numbers that all workers pass in.
        """
        self._most = most
        self._given: int | None = None
        self._heeded = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Replaces the handlers of both signals."""
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        """Puts back the handlers from before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _: object) -> None:
        self._given = number
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    def after(self, progress: loop.Progress) -> None:
        """Raises loop.StopTraining: a signal came."""
        given = self._most(self._given or 0)
        if given:
            self._given, self._heeded = given, True
            name = signal.Signals(given).name
            raise loop.StopTraining(f"{name} at step {progress.step}")

    def check(self, run_dir: str) -> None:
        """Raises Preempted if a signal ended the run."""
        if self._given is not None and self._heeded:
            name = signal.Signals(self._given).name
            raise Preempted(
                f"stopped by {name} and saved: the same command goes on with "
                f"{run_dir}",
                128 + self._given,
            )
