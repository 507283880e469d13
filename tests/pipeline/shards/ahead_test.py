"""Calls start before they are asked for, but never too many of them."""

import threading

import pytest

from pipeline.shards import ahead


def test_results_come_in_order() -> None:
    with ahead.Ahead[str](depth=3, threads=2) as threads:
        first = threads.map(str.upper, "vwxyz")
        none = threads.map(str.upper, "")
        other = threads.map(str.lower, "ABC")
        assert [*first, *none, *other] == list("VWXYZabc")


def test_the_next_work_starts_while_the_last_call_runs() -> None:
    follows = threading.Event()
    with ahead.Ahead[bool | None](depth=2, threads=2) as threads:
        first = threads.map(follows.wait, [20.0])
        other = threads.map(lambda _: follows.set(), "a")
        assert [*first, *other] == [True, None]


def test_few_calls_are_under_way_at_once() -> None:
    started: list[int] = []
    with ahead.Ahead[None](depth=3, threads=1) as threads:
        first = threads.map(started.append, range(5))
        other = threads.map(started.append, range(5, 9))
        for taken, _ in enumerate([*first, *other], start=1):
            assert len(started) >= taken
    assert started == list(range(9))


def test_an_interruption_waits_for_the_running_call_alone() -> None:
    runs, end = threading.Event(), threading.Event()
    called: list[int] = []

    def call(item: int) -> None:
        called.append(item)
        if item:
            runs.set()
            end.wait(20)

    with pytest.raises(KeyboardInterrupt):
        with ahead.Ahead[None](depth=3, threads=1) as threads:
            next(threads.map(call, range(5)))
            runs.wait(20)
            threading.Timer(0.2, end.set).start()
            raise KeyboardInterrupt
    assert called == [0, 1]
