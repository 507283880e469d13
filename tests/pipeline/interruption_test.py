"""Ctrl-C in processes of their own: what is said, when, and how they end."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import interruption

BEGIN = """
import hashlib, os, signal, threading, time
from pipeline import interruption
with interruption.told("demo"):
    threading.Timer(0.5, print, ["begun"], {"flush": True}).start()
"""
# Python's own handlers wait for this, which takes minutes.
IN_A_LIBRARY = 'hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)'


@pytest.fixture
def begun() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts a program; gives it when it has begun."""
    processes = []

    def start(body: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{BEGIN}    {body}"],
            cwd=Path(interruption.__file__).parents[1],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout and process.stdout.readline() == "begun\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_ctrl_c_is_one_line_and_the_exit_code_of_a_shell(
    begun: Callable[[str], subprocess.Popen[str]],
) -> None:
    process = begun("time.sleep(60)")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "demo: stopped by SIGINT\n")


def test_what_is_waited_for_is_told_and_a_second_signal_ends_it(
    begun: Callable[[str], subprocess.Popen[str]],
) -> None:
    process = begun(IN_A_LIBRARY)
    process.send_signal(signal.SIGINT)
    assert process.stderr
    assert process.stderr.readline() == (
        "SIGINT: what is under way has to come back first; a second signal "
        "ends it at once\n"
    )
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130


def test_a_thread_that_never_ends_does_not_keep_the_process(
    begun: Callable[[str], subprocess.Popen[str]],
) -> None:
    process = begun(
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "    time.sleep(600)"
    )
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "demo: stopped by SIGINT\n")


def test_a_signal_that_ends_a_process_by_itself_still_does(
    begun: Callable[[str], subprocess.Popen[str]],
) -> None:
    process = begun(IN_A_LIBRARY)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == -signal.SIGTERM


def test_other_signals_are_none_of_its_business(
    begun: Callable[[str], subprocess.Popen[str]],
) -> None:
    process = begun(
        "signal.signal(signal.SIGUSR1, lambda *_: os.write(2, b'used '))\n"
        "    for _ in range(2): signal.raise_signal(signal.SIGUSR1)"
    )
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "used used ")


def test_who_listened_before_listens_again() -> None:
    def drop(_: signal.Signals) -> None:
        pass

    with interruption.listen(drop):
        own = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(own)
        with interruption.listen(drop):
            pass
        assert signal.set_wakeup_fd(own) == own
    assert signal.set_wakeup_fd(-1) == -1
