"""All workers run, or none, whatever happens to one of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trainer.devices import launcher

PROLOGUE = """
import json, os, signal, sys, time
from pathlib import Path
from trainer.devices import heartbeat
config = json.loads(os.environ["TF_CONFIG"])
number = config["task"]["index"]
heartbeat.start()
Path(f"pid-{number}").write_text(str(os.getpid()))
while not all(Path(f"pid-{n}").exists() for n in (0, 1)):
    time.sleep(0.01)
"""
READY = "heartbeat.ready()\n"
FOR_EVER = "time.sleep(600)\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Workers write here what they see."""
    root = str(Path(launcher.__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", root)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def launch(script: str, **limits: float) -> int:
    command = [sys.executable, "-c", PROLOGUE + script]
    return launcher.launch(command, 2, launcher.Limits(**limits))


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


GOES_ON = (
    "; all are stopped, and the same command goes on from the newest checkpoint"
)


def assert_lost(
    message: str, script: str, advice: str = GOES_ON, **limits: float
) -> None:
    """Worker 1 is lost, and all are gone though none would have ended."""
    with pytest.raises(launcher.LostWorkerError) as error:
        launch(script + FOR_EVER, **limits)
    pids = [int(Path(f"pid-{number}").read_text()) for number in (0, 1)]
    assert str(error.value) == (
        f"worker 1 (process {pids[1]}) {message}{advice}"
    )
    assert all(map(is_gone, pids))


def test_workers_know_each_other(folder):
    assert launch("Path(f'c-{number}').write_text(json.dumps(config))") == 0
    configs = [json.loads((folder / f"c-{n}").read_text()) for n in (0, 1)]
    assert configs[0]["cluster"] == configs[1]["cluster"]
    assert len(set(configs[0]["cluster"]["worker"])) == 2
    assert [row["task"] for row in configs] == [
        {"type": "worker", "index": 0},
        {"type": "worker", "index": 1},
    ]


def test_only_a_worker_can_listen_on_its_port():
    listens = """
import socket
address = config["cluster"]["worker"][number].split(":")
address = address[0], int(address[1])
other, own = socket.socket(), socket.socket()
try:
    other.bind(address)
except OSError as error:
    assert error.strerror == "Address already in use"
else:
    raise AssertionError("the port was free for others")
own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
own.bind(address)
own.listen()
"""
    assert launch(listens) == 0


def test_the_first_worker_speaks_for_all(capfd):
    script = "print('out', number); print('err', number, file=sys.stderr)"
    assert launch(script) == 0
    said = capfd.readouterr()
    assert (said.out, said.err) == ("out 0\n", "err 0\n")


def test_a_killed_worker_stops_all():
    script = "if number == 1: os.kill(os.getpid(), signal.SIGKILL)\n"
    assert_lost("was killed by SIGKILL", READY + script)


def test_a_failed_worker_stops_all_with_its_words():
    script = "if number == 1: sys.exit('trainer: no record set')\n"
    message = "ended with exit code 1: no record set"
    assert_lost(message, READY + script, advice="")


def test_a_worker_that_was_lost_is_told_before_those_that_miss_it():
    script = (
        "if number == 1: os.kill(os.getpid(), signal.SIGKILL)\n"
        "time.sleep(0.1)\nsys.exit('trainer: another worker is gone')\n"
    )
    with pytest.raises(
        launcher.LostWorkerError, match="killed by SIGKILL; all"
    ):
        launch(script)


def test_workers_that_all_fail_at_once_are_heard():
    with pytest.raises(launcher.LostWorkerError, match="code 1: no record set"):
        launch("sys.exit('trainer: no record set')")


@pytest.mark.slow
def test_a_frozen_worker_stops_all():
    script = (
        "time.sleep(1)\nif number == 1: os.kill(os.getpid(), signal.SIGSTOP)\n"
    )
    assert_lost("gave no sign of life for 8 s", READY + script, silence=8)


@pytest.mark.slow
def test_a_worker_that_does_not_find_the_others_stops_all():
    script = "if number == 0: heartbeat.ready()\n"
    assert_lost("had not started after 10 s", script, start=10)


LAUNCHES = """
import sys
from trainer.devices import launcher
sys.exit(launcher.launch([sys.executable, "-c", sys.argv[1]], 2))
"""


@pytest.fixture
def launched(folder):
    """Starts a launcher of its own; yields it when its workers run."""
    processes = []

    def start(script: str) -> subprocess.Popen:
        command = [sys.executable, "-c", LAUNCHES, PROLOGUE + script]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        deadline = time.monotonic() + 60
        while not all((folder / f"set-{n}").exists() for n in (0, 1)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()
    for file in folder.glob("pid-*"):
        if not is_gone(int(file.read_text())):
            os.kill(int(file.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_all_and_their_exit_code_comes_back(
    launched, folder, number
):
    script = (
        "def end(*_):\n"
        "    Path(f'end-{number}').touch()\n"
        "    sys.exit('trainer: stopped' if number == 0 else 7)\n"
        f"signal.signal({int(number)}, end)\n"
        "Path(f'set-{number}').touch()\n"
    )
    process = launched(script + FOR_EVER)
    process.send_signal(number)
    _, said = process.communicate(timeout=50)
    assert process.returncode == 7
    assert f"{number.name}: the workers end, and save what they have; " in said
    assert said.splitlines()[-1] == "trainer: stopped"
    assert {path.name for path in folder.glob("end-*")} == {"end-0", "end-1"}


def test_workers_end_with_a_killed_launcher(launched, folder):
    process = launched("Path(f'set-{number}').touch()\n" + FOR_EVER)
    process.kill()
    process.wait()
    pids = [int((folder / f"pid-{n}").read_text()) for n in (0, 1)]
    deadline = time.monotonic() + 50
    while not all(map(is_gone, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
