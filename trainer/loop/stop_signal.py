"""A signal to stop -> a checkpoint, and an exit code: restart me."""

import signal
from collections.abc import Callable
from typing import Any, Self

from trainer.loop import loop

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Preempted(Exception):
    """A signal stopped the run, which is saved.

    Attributes:
      exit_code: 128 and the signal's number, 143 for SIGTERM: what a shell
        tells of a process that the signal ended, so that schedulers restart it.
    """

    def __init__(self, text: str, exit_code: int):
        """Keeps both."""
        super().__init__(text)
        self.exit_code = exit_code


class Notice:
    """Listens for SIGTERM and SIGINT while it is open; an action of the loop.

    The first is heeded when the call of the step, and what is due after it, is
    done: so that the resumed run misses nothing. The second ends the process.
    """

    def __init__(self, most: Callable[[int], int] = int) -> None:
        """Does not listen yet.

        Args:
          most: of a number, the largest that any worker has.
        """
        self._most = most
        self._given: int | None = None
        self._heeded = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Listens."""
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves the signals to those who had them before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _: object) -> None:
        self._given = number
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    def __call__(self, report: loop.Report) -> None:
        """Raises loop.StopTraining: a signal came."""
        given = self._most(self._given or 0)
        if given:
            self._given, self._heeded = given, True
            name = signal.Signals(given).name
            raise loop.StopTraining(f"{name} at step {report.step}")

    def check(self, run_dir: str) -> None:
        """Raises Preempted: the run was ended by a signal, and not else."""
        if self._given is not None and self._heeded:
            name = signal.Signals(self._given).name
            raise Preempted(
                f"stopped by {name} and saved: the same command goes on with "
                f"{run_dir}",
                128 + self._given,
            )
