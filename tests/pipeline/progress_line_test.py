"""A progress line is one line in a terminal, and several in a log."""

import contextlib
import fcntl
import logging
import os
import pty
import re
import struct
import sys
import termios
import threading
import time
from collections.abc import Iterator
from typing import TextIO

import pytest
from absl import logging as absl_logging

from pipeline import progress_line
from tests.support import jobs

COLUMNS = 40


def test_a_pace_is_that_of_the_time_in_which_a_count_grew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 7.0, 9.0, 12.0, 99.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    pace = progress_line.Pace()
    rates = [pace.rate(count) for count in (0, 10, 16, 60, 60)]
    assert rates == [0, 0, 3, 10, 10]


def test_time_left_is_told_where_it_is_known() -> None:
    assert progress_line.time_left(60, 2) == ", 30 s left"
    assert progress_line.time_left(0, 2) == ""
    assert progress_line.time_left(60, 0) == ""


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5399, "90 min"),
        (9e3, "2.5 h"),
    ],
)
def test_durations_are_short(seconds: float, told: str) -> None:
    assert progress_line.duration(seconds) == told


class Terminal:
    """A pseudo-terminal of 40 columns, and what it was sent."""

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        size = struct.pack("HHHH", 24, COLUMNS, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        self.stream = os.fdopen(theirs, "w")

    def sent(self) -> str:
        """Closes it; returns all that it was sent."""
        self.stream.close()
        sent = iter(lambda: jobs.read_terminal(self._ours), b"")
        text = b"".join(sent).decode()
        os.close(self._ours)
        return text


def screen(sent: str) -> list[str]:
    """The lines that a terminal shows at last."""
    lines = sent.split("\r\n")
    return [re.split(r"\r\x1b\[2K", line)[-1] for line in lines]


@contextlib.contextmanager
def logged_to(stream: TextIO) -> Iterator[logging.Logger]:
    """A logger by absl's handler, as a program's log is."""
    handler = absl_logging.get_absl_handler().python_handler
    logger = logging.getLogger("progress_line_test")
    before, form = handler.setStream(stream), handler.formatter
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    try:
        yield logger
    finally:
        logger.removeHandler(handler)
        handler.setStream(before)
        handler.setFormatter(form)


def test_a_terminal_has_one_line_that_is_overwritten_and_cut() -> None:
    terminal, seen = Terminal(), threading.Event()
    lines = iter(["", "x" * 500, "second"])

    def line() -> str:
        text = next(lines, "last")
        if text == "last":
            seen.set()
        return text

    with progress_line.show(line, terminal.stream):
        assert seen.wait(60)
    sent = terminal.sent()
    states = re.split(r"\r\x1b\[2K|\r\n", sent)
    assert list(dict.fromkeys(states)) == ["x" * COLUMNS, "second", "last", ""]
    assert screen(sent) == ["last", ""]
    # A job that is killed leaves the cursor on.
    assert "\x1b[?25l" not in sent


def test_prints_and_logs_appear_above_the_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal, drawn = Terminal(), threading.Event()
    calls = iter(["not drawn yet", "progress"])

    def line() -> str:
        text = next(calls, "")
        if not text:  # "progress" has been drawn.
            drawn.set()
        return text or "progress"

    monkeypatch.setattr(sys, "stdout", terminal.stream)
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    with (
        logged_to(terminal.stream) as logger,
        progress_line.show(line),
    ):
        assert drawn.wait(60)
        print("printed", "é" * 50)
        logger.warning("logged [bold] %s", "y" * 50)
        print("warned", file=sys.stderr)
    monkeypatch.undo()
    shown = screen(terminal.sent())
    # absl's own note: the test has parsed no flags.
    shown = [each for each in shown if "before flag parsing" not in each]
    # Two are longer than the terminal is wide, and neither cut nor broken.
    assert shown == [
        "printed " + "é" * 50,
        "logged [bold] " + "y" * 50,
        "warned",
        "progress",
        "",
    ]


def test_output_that_goes_to_a_file_stays_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal()
    with progress_line.show(lambda: "progress", terminal.stream):
        print("a line")
        print("a warning", file=sys.stderr)
    assert screen(terminal.sent()) == ["progress", ""]
    assert capsys.readouterr() == ("a line\n", "a warning\n")


@pytest.mark.parametrize("forced", ["", "1"])
def test_a_log_has_lines(
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    forced: str,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", forced)
    monkeypatch.setattr(progress_line, "_LOG_SECONDS", 0.01)
    seen = threading.Event()
    lines = iter(["", "3 images"])

    def line() -> str:
        text = next(lines, "4 images")
        if text == "4 images":
            seen.set()
        return text

    with caplog.at_level(logging.INFO, "pipeline.progress_line"):
        with progress_line.show(line):
            assert seen.wait(60)
            print("a line")
    first, *others = caplog.messages
    assert first == "3 images"
    assert set(others) == {"4 images"}
    assert capsys.readouterr() == ("a line\n", "")


def test_a_terminal_without_escape_codes_gets_a_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "dumb")
    with caplog.at_level(logging.INFO, "pipeline.progress_line"):
        with progress_line.show(lambda: "3 images", terminal.stream):
            pass
    assert caplog.messages == ["3 images"]
    assert terminal.sent() == ""
