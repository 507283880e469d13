"""The words for how long updates took."""

from trainer.loop import loop, timings


def test_percentiles_and_wait_are_over_all_updates():
    timed = timings.Timings()
    # 94 updates of 0.1 s, then 6 of a second.
    fast = loop.Updates({}, took=(0.1,) * 94, waited=0.46)
    slow = loop.Updates({}, took=(1.0,) * 6, waited=0.31)
    timed.after(loop.Progress(94, 94, 9.4, fast))
    timed.after(loop.Progress(100, 6, 6.0, slow))
    assert str(timed) == (
        "100 updates: median 0.1 s, 95 % within 1 s, input wait 5.0 %"
    )


def test_no_update_has_no_percentiles():
    assert str(timings.Timings()) == "no update was made"
