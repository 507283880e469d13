"""How far a job is: a line that changes in a terminal, or lines in a log."""

import collections
import logging
import os
import shutil
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from pipeline.shards import counters

_LOG = logging.getLogger(__name__)
_TERMINAL_SECS = 0.5
_LOG_SECS = 5.0


class Pace:
    """How fast a count grows, from when it began to until it last did."""

    def __init__(self) -> None:
        """Begins with the first count that is not zero."""
        self._began, self._before = 0.0, 0
        self._last, self._count = 0.0, 0

    def rate(self, count: int) -> float:
        """The mean growth a second; 0 where nothing has grown yet."""
        now = time.monotonic()
        if not self._count:
            self._began, self._before = now, count
        if count != self._count:
            self._last, self._count = now, count
        return (count - self._before) / max(self._last - self._began, 1e-6)


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
        """Starts it."""
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


class Board:
    """What all workers of this machine have counted, and a line of it.

    Attributes:
      counters: to give to the workers.
    """

    def __init__(self) -> None:
        """Makes a folder, which the end of the block removes."""
        self._folder = Path(tempfile.mkdtemp(prefix="progress-"))
        self.counters = counters.Counters(str(self._folder))
        self._images, self._captions = Pace(), Pace()

    def __enter__(self) -> "Board":
        """Starts it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Removes the folder."""
        shutil.rmtree(self._folder)

    def totals(self) -> collections.Counter[str]:
        """The sum over all workers."""
        sums: collections.Counter[str] = collections.Counter()
        for file in self._folder.iterdir():
            packed = file.read_bytes()
            if packed:
                counts = struct.unpack(counters.FORMAT, packed)
                sums.update(dict(zip(counters.COUNTERS, counts, strict=True)))
        return sums

    def line(self) -> str:
        """Such as `812 images, 3 rejected, 103.2 MB, 108.2 images/s`."""
        sums = self.totals()
        captions = sums["captions_written"]
        rate = self._images.rate(sums["images"] + sums["rejects"])
        pace = self._captions.rate(captions)
        if not sums["captions_read"]:
            return ""
        if not sums["images"] + sums["rejects"] + sums["images_skipped"]:
            return f"{sums['captions_read']} captions read"
        parts = [f"{sums['images']} images, {sums['rejects']} rejected"]
        if sums["images_skipped"]:
            parts.append(f"{sums['images_skipped']} finished earlier")
        parts.append(f"{sums['bytes'] / 1e6:.1f} MB")
        if rate:
            parts.append(f"{rate:.1f} images/s")
        done = captions + sums["captions_skipped"]
        left = time_left(sums["captions_read"] - done, pace)
        return ", ".join(parts) + left
