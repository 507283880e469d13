"""What is said of the time that updates took."""

from trainer.loop import loop, timings


def test_percentiles_and_wait_are_over_all_updates():
    timed = timings.Timings()
    # 94 updates of 0.1 s, then 6 of a second.
    timed(loop.Report(94, {}, 9.4, 94, None, (0.1,) * 94, 0.46))
    timed(loop.Report(100, {}, 6.0, 6, None, (1.0,) * 6, 0.31))
    assert str(timed) == (
        "100 updates: median 0.1 s, 95 % within 1 s, input wait 5.0 %"
    )


def test_no_update_has_no_percentiles():
    assert str(timings.Timings()) == "no update was made"
