"""How far a job is: a line that changes in a terminal, or lines in a log."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

_LOG = logging.getLogger(__name__)
_TERMINAL_SECS = 0.5
_LOG_SECS = 5.0


class Pace:
    """How fast a count grows, from when it began to."""

    def __init__(self) -> None:
        """Begins with the first count that is not zero."""
        self._first: tuple[float, float] | None = None

    def rate(self, count: float) -> float:
        """The mean growth a second; 0 where nothing has grown yet."""
        now = time.monotonic()
        if self._first is None:
            self._first = (now, count) if count else None
            return 0.0
        began, before = self._first
        return (count - before) / max(now - began, 1e-6)


def time_left(remaining: float, rate: float) -> str:
    """Such as `, 12 min left`; empty where nothing is left or known."""
    if remaining <= 0 or rate <= 0:
        return ""
    return f", {duration(remaining / rate)} left"


def duration(seconds: float) -> str:
    """Such as `40 s`, `12 min` or `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class Ticker:
    """Shows a line while a block runs, and once more at its end.

    In a terminal the line is written over itself; elsewhere it is logged every
    few seconds.
    """

    def __init__(self, line: Callable[[], str], stream: TextIO | None = None):
        """Shows what `line` returns, where it is not empty.

        Args:
          line: called in another thread than the block's.
          stream: standard error if not given.
        """
        self._line, self._stream = line, stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "Ticker":
        """Begins."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Shows the last state, and leaves a terminal on a new line."""
        self._ended.set()
        self._thread.join()
        self._show()
        self._write("\n")

    def say(self, line: str) -> None:
        """Prints a line that stays, on standard output."""
        with self._lock:
            self._write("\r\x1b[K")
            print(line, flush=True)

    def _tick(self) -> None:
        seconds = _TERMINAL_SECS if self._terminal else _LOG_SECS
        while not self._ended.wait(seconds):
            self._show()

    def _show(self) -> None:
        line = self._line()
        if not line:
            return
        if not self._terminal:
            _LOG.info(line)
            return
        width = os.get_terminal_size(self._stream.fileno()).columns or 80
        with self._lock:
            # Back to the first column; what is left of an older line goes.
            self._write(f"\r{line[: width - 1]}\x1b[K")

    def _write(self, text: str) -> None:
        if self._terminal:
            print(text, end="", file=self._stream, flush=True)
