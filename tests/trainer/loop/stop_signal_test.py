"""Signals to the test's own process, and what they cause."""

import os
import signal
import time

import pytest

from trainer.loop import loop, stop_signal

PROGRESS = loop.Progress(40, 20, 1.0, loop.Updates({}))


@pytest.mark.parametrize(
    ("number", "name", "exit_code"),
    [(signal.SIGTERM, "SIGTERM", 143), (signal.SIGINT, "SIGINT", 130)],
)
def test_a_signal_ends_the_loop_and_tells_the_exit_code(
    number, name, exit_code
):
    with stop_signal.Notice() as notice:
        notice.after(PROGRESS)
        os.kill(os.getpid(), number)
        with pytest.raises(loop.StopTraining, match=f"^{name} at step 40$"):
            notice.after(PROGRESS)
    with pytest.raises(stop_signal.Preempted) as stop:
        notice.check("runs/one")
    assert stop.value.exit_code == exit_code
    assert str(stop.value) == (
        f"stopped by {name} and saved: the same command goes on with runs/one"
    )


def test_a_signal_is_told_at_once_with_what_it_waits_for(said):
    with stop_signal.Notice() as notice:
        notice.before(20, 20)
        os.kill(os.getpid(), signal.SIGINT)
        end = time.monotonic() + 20
        while not said.messages and time.monotonic() < end:
            time.sleep(0.01)
    (told,) = said.messages
    assert told == (
        "SIGINT: the run ends after step 40 and is saved (the first step "
        "compiles, for a while); a second signal ends it at once, unsaved"
    )


def test_a_run_that_ended_for_other_reasons_is_not_preempted():
    with stop_signal.Notice() as notice:
        notice.after(PROGRESS)
        os.kill(os.getpid(), signal.SIGTERM)
    notice.check("runs/one")


def test_the_second_signal_is_nobodys_to_catch():
    with stop_signal.Notice():
        os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL


def test_handlers_of_before_come_back():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with stop_signal.Notice():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    after = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert after == before
