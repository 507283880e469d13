"""Progress: one line in a terminal, several in a log."""

import logging
import os
import pickle
import pty
import re
import threading
import time

import pytest

from pipeline.job import progress
from tests.support import jobs


def test_a_pace_is_that_of_the_time_in_which_a_count_grew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 7.0, 9.0, 12.0, 99.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    pace = progress.Pace()
    rates = [pace.rate(count) for count in (0, 10, 16, 60, 60)]
    assert rates == [0, 0, 3, 10, 10]


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
    seen, lines = threading.Event(), iter(["x" * 500, "second"])

    def line() -> str:
        text = next(lines, "last")
        if text == "last":
            seen.set()
        return text

    with os.fdopen(theirs, "w") as terminal:
        with progress.Ticker(line, terminal) as ticker:
            assert seen.wait(60)
            ticker.say("a line that stays")
    shown = b"".join(iter(lambda: jobs.read_terminal(ours), b"")).decode()
    os.close(ours)
    states = re.sub(r"\x1b\[K|\n", "", shown).split("\r")
    first, *others = dict.fromkeys(state for state in states if state)
    assert re.fullmatch("x+", first)
    assert len(first) < 500
    assert others == ["second", "last"]
    assert shown.endswith("\x1b[K\r\n")


def test_a_log_has_lines(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, "pipeline.job.progress"):
        with progress.Ticker(lambda: "3 images") as ticker:
            ticker.say("a line")
        with progress.Ticker(lambda: ""):
            pass
    assert caplog.messages == ["3 images"]
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("a line\n", "")


def counted(**counts: int) -> progress.Board:
    board = progress.Board()
    for name, number in counts.items():
        pickle.loads(pickle.dumps(board.counters)).add(**{name: number})
    return board


def test_the_line_tells_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with counted(captions_read=1000, captions_skipped=200) as board:
        assert board.line() == "1000 captions read"
        counters = pickle.loads(pickle.dumps(board.counters))
        counters.add(images=10, captions_written=50)
        board.line()
        clock[0] = 2.0
        counters.add(
            images=39, rejects=1, captions_written=250, bytes=2 * 10**6
        )
        counters.add(images_skipped=40)
        assert board.line() == (
            "49 images, 1 rejected, 40 finished earlier, 2.0 MB, 20.0 "
            "images/s, 4 s left"
        )
    with counted() as board:
        assert board.line() == ""
