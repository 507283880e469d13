"""Two trainings can't share a directory; one that died does not block it."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from trainer.run import directory, lock

HOLD = """
import sys, time
from trainer.run import lock
with lock.hold(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


def test_another_process_is_named_and_refused(holder, tmp_path):
    run_dir = str(tmp_path / "run")
    assert lock.holder(run_dir) == str(holder.pid)
    with (
        pytest.raises(directory.RunError) as error,
        lock.hold(run_dir, seconds=0.2),
    ):
        pass
    assert str(error.value) == (
        f"{run_dir} is being trained in by process {holder.pid}: wait for it, "
        "or choose another --run_dir"
    )


def test_a_killed_process_gives_the_directory_up(holder, tmp_path):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert lock.holder(str(tmp_path / "run")) is None
    for _ in range(2):
        with lock.hold(str(tmp_path / "run")):
            assert (tmp_path / "run" / ".lock").read_text() == str(os.getpid())


def test_a_process_that_is_just_ending_is_waited_for(holder, tmp_path):
    threading.Timer(0.5, holder.kill).start()
    with lock.hold(str(tmp_path / "run")):
        assert holder.wait() == -signal.SIGKILL


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    run_dir = str(tmp_path / "file" / "run")
    with pytest.raises(directory.RunError) as error, lock.hold(run_dir):
        pass
    assert str(error.value) == f"can't write {run_dir}: Not a directory"
