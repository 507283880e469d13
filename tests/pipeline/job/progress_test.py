"""What the workers have counted, as a line."""

import pickle
import time

import pytest

from pipeline.job import progress


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
