"""How fast updates were, as scalars and in words."""

import pytest

from trainer.loop import loop, timings


def updates(took: list[float], waited: list[float]) -> loop.Updates:
    scalars = {"tokens": 400.0 * len(took)}
    return loop.Updates(scalars, took=tuple(took), waited=tuple(waited))


def test_percentiles_and_wait_are_over_all_updates():
    timed = timings.Timings(32)
    # 94 updates of 0.1 s, then 6 of a second.
    fast = updates([0.1] * 94, [0.0, 0.46] + [0.0] * 92)
    slow = updates([1.0] * 6, [0.31] + [0.0] * 5)
    timed.after(loop.Progress(94, 94, 9.4, fast))
    timed.after(loop.Progress(100, 6, 6.0, slow))
    assert str(timed) == (
        "100 updates: median 0.1 s, 95 % within 1 s, input wait 5.0 % "
        "after 0.0 s for the first batch"
    )


def test_each_call_adds_its_own_rates_and_times():
    timed = timings.Timings(32)
    timed.after(loop.Progress(1, 1, 1.0, updates([1.0], [0.0])))
    made = updates([0.1] * 19 + [2.1], [0.0] * 19 + [0.4])
    timed.after(loop.Progress(21, 20, 4.0, made))
    assert made.scalars == pytest.approx(
        {
            "tokens": 8000.0,
            "images_per_second": 160.0,
            "tokens_per_second": 2000.0,
            "step_seconds_median": 0.1,
            "step_seconds_p95": 0.2,
            "input_wait": 0.1,
        }
    )


def test_the_start_of_the_input_is_no_wait_of_an_update():
    timed = timings.Timings(32)
    # 93 % of the first update's time.
    first, second = updates([10.0], [9.3]), updates([0.7], [0.0])
    timed.after(loop.Progress(1, 1, 10.0, first))
    timed.after(loop.Progress(2, 1, 0.7, second))
    assert first.scalars["input_wait"] == 0
    assert first.scalars["step_seconds_median"] == pytest.approx(0.7)
    assert first.scalars["first_batch_seconds"] == 9.3
    assert "first_batch_seconds" not in second.scalars
    assert str(timed) == (
        "2 updates: median 0.7 s, 95 % within 0.7 s, input wait 0.0 % "
        "after 9.3 s for the first batch"
    )


def test_no_update_has_no_percentiles():
    assert str(timings.Timings(32)) == "no update was made"
