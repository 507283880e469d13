"""How far some work is: one line in a terminal, or several in a log."""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from absl import logging as absl_logging
from rich import console as console_lib
from rich import file_proxy, live, text

_LOG = logging.getLogger(__name__)
_TERMINAL_SECONDS = 0.5
_LOG_SECONDS = 5.0


class Pace:
    """How fast a count grows, from when it began to until it last did."""

    def __init__(self) -> None:
        """Starts the clock with the first count that is not zero."""
        self._began, self._before = 0.0, 0
        self._last, self._count = 0.0, 0

    def rate(self, count: int) -> float:
        """Takes the present count; returns its mean growth per second.

        Returns 0 while nothing has grown yet.
        """
        now = time.monotonic()
        if not self._count:
            self._began, self._before = now, count
        if count != self._count:
            self._last, self._count = now, count
        return (count - self._before) / max(self._last - self._began, 1e-6)


def time_left(remaining: float, rate: float) -> str:
    """Formats the time that `remaining` units take at `rate` units per second.

    Returns:
      Such as `, 12 min left`; empty where nothing remains or no rate is known.
    """
    if remaining <= 0 or rate <= 0:
        return ""
    return f", {duration(remaining / rate)} left"


def duration(seconds: float) -> str:
    """Formats a time, such as `40 s`, `12 min` or `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@contextlib.contextmanager
def show(
    line: Callable[[], str], stream: TextIO | None = None
) -> Iterator[None]:
    """Shows a line while a block runs, and once more at the block's end.

    In a terminal the line is drawn again twice a second in the same place, cut
    to the terminal's width, and its last state stays. What is printed or logged
    to that terminal meanwhile appears above it. Elsewhere the line is logged
    every five seconds.

    Args:
      line: Returns the line, or nothing while there is nothing to say. It is
        called in another thread than the block's.
      stream: Where to draw; standard error if not given.
    """
    console = _Terminal(file=stream, stderr=True, soft_wrap=True)
    # FORCE_COLOR makes the library take a file for a terminal.
    drawn = console.is_interactive and console.file.isatty()
    with _drawn(line, console) if drawn else _logged(line):
        yield


class _Terminal(console_lib.Console):
    """A terminal whose cursor stays visible.

    The library hides it while a line is drawn, and a job that is killed could
    not show it again.
    """

    def show_cursor(self, show: bool = True) -> bool:
        """Does nothing."""
        return False


@contextlib.contextmanager
def _drawn(
    line: Callable[[], str], console: console_lib.Console
) -> Iterator[None]:
    def draw() -> text.Text:
        # The library would ask the standard streams, which may be files.
        console.width = (
            os.get_terminal_size(console.file.fileno()).columns or 80
        )
        return text.Text(line(), no_wrap=True, overflow="crop")

    with (
        live.Live(
            get_renderable=draw,
            console=console,
            refresh_per_second=1 / _TERMINAL_SECONDS,
            # A stream that leads elsewhere, such as to a file, is left alone.
            redirect_stdout=bool(sys.stdout and sys.stdout.isatty()),
            redirect_stderr=console.file is sys.stderr,
        ),
        _log_above(console),
    ):
        yield


@contextlib.contextmanager
def _log_above(console: console_lib.Console) -> Iterator[None]:
    """Lets absl's log appear above the line that a terminal shows."""
    handler = absl_logging.get_absl_handler().python_handler
    terminal = handler.stream
    if terminal is not console.file:
        yield
        return
    handler.setStream(file_proxy.FileProxy(console, terminal))
    try:
        yield
    finally:
        handler.setStream(terminal)


@contextlib.contextmanager
def _logged(line: Callable[[], str]) -> Iterator[None]:
    ended = threading.Event()

    def log() -> None:
        said = line()
        if said:
            _LOG.info(said)

    def log_until_the_end() -> None:
        while not ended.wait(_LOG_SECONDS):
            log()

    thread = threading.Thread(target=log_until_the_end, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        log()
