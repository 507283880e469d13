"""Progress: one line in a terminal, several in a log."""

import logging
import os
import pty
import re
import time

import pytest

from pipeline import progress


def test_a_pace_begins_with_the_first_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 7.0, 9.0, 12.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    pace = progress.Pace()
    assert [pace.rate(count) for count in (0, 10, 16, 60)] == [0, 0, 3, 10]


def test_time_left_is_told_where_it_is_known() -> None:
    assert progress.time_left(60, 2) == ", 30 s left"
    assert progress.time_left(0, 2) == ""
    assert progress.time_left(60, 0) == ""


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
    assert progress.duration(seconds) == told


def test_a_terminal_has_one_line_that_changes() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        lines = iter(["x" * 500, "second"])
        with progress.Ticker(lambda: next(lines, "last"), terminal) as ticker:
            time.sleep(1.2)
            ticker.say("a line that stays")
        shown = os.read(ours, 10_000).decode()
    os.close(ours)
    states = [re.sub(r"\x1b\[K|\r?\n", "", part) for part in shown.split("\r")]
    states = [state for state in states if state]
    assert states[0] == "x" * (len(states[0]))
    assert len(states[0]) < 500
    assert states[1:] == ["second", "last"]
    assert shown.endswith("\x1b[K\r\n")


def test_a_log_has_lines(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, "pipeline.progress"):
        with progress.Ticker(lambda: "3 images") as ticker:
            ticker.say("a line")
        with progress.Ticker(lambda: ""):
            pass
    assert caplog.messages == ["3 images"]
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("a line\n", "")
