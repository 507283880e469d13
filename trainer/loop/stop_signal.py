"""A signal to stop -> a checkpoint, and an exit code: restart me."""

import contextlib
import logging
import signal
from collections.abc import Callable
from typing import Any, Self

from pipeline import interruption
from trainer.loop import loop

_LOG = logging.getLogger(__name__)
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

    The first signal is told at once. It takes effect after the current call of
    the step and the actions due after it, so that the resumed run misses
    nothing. The second ends the process at once.
    """

    def __init__(self, most: Callable[[int], int] = int) -> None:
        """Starts listening only when entered.

        Args:
          most: returns the largest of the numbers that all workers pass in.
        """
        self._most = most
        self._given: int | None = None
        self._heeded = False
        self._calls, self._until = 0, 0
        self._before: dict[int, Any] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Replaces the handlers of both signals."""
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._take)
        self._open.enter_context(interruption.listen(self._tell))
        return self

    def __exit__(self, *_: object) -> None:
        """Puts back the handlers from before."""
        self._open.close()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _tell(self, number: signal.Signals) -> None:
        compiles = self._calls == 1
        _LOG.warning(
            "%s: the run ends after step %d and is saved%s; a second signal "
            "ends it at once, unsaved",
            number.name,
            self._until,
            " (the first step compiles, for a while)" if compiles else "",
        )

    def _take(self, number: int, _: object) -> None:
        self._given = number
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    def before(self, step: int, num_steps: int) -> None:
        """Notes what a signal has to wait for."""
        self._calls, self._until = self._calls + 1, step + num_steps

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
