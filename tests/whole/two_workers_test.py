"""Two workers, started as a user starts them; one is killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import fixtures, forks, trainings
from trainer.loop import metrics_log
from trainer.run import metrics_file

STEPS = 24


def flags(records: Path, run_dir: Path) -> list[str]:
    bindings = {
        "RECORDS": f"'{records}'",
        "NUM_STEPS": STEPS,
        "ShowAttendTell.dropout_rate": 0.3,
        "Cadence.evaluate_every": 8,
        "Cadence.patience": 100,
        "Cadence.profile_steps": "(20, 21)",
    }
    return [
        "--mode=train",
        *("--gin_file=gin/run_flickr8k.gin", "--gin_file=gin/tiny.gin"),
        *(f"--gin_param={name} = {v}" for name, v in bindings.items()),
        f"--run_dir={run_dir}",
    ]


def rows(run_dir: Path) -> list[dict[str, float]]:
    """What is read off no clock; NaN where few images leave it untold."""
    return [
        {k: v for k, v in row.items() if k not in metrics_log.CLOCKED}
        for row in metrics_file.read_metrics(str(run_dir))
    ]


def finish(launched: subprocess.Popen) -> str:
    try:
        return launched.communicate(timeout=120)[1]
    finally:
        # Its workers end by themselves when it is gone.
        launched.kill()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
def test_a_killed_worker_stops_all_and_the_same_command_goes_on(tmp_path):
    records, run_dir = tmp_path / "records", tmp_path / "run"
    fixtures.write_uneven_record_set(records)
    trainer = [sys.executable, "-m", "trainer.main"]
    two = [*trainer, *flags(records, run_dir), "--num_workers=2"]
    launched = subprocess.Popen(two, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(rows(run_dir)) < 6:
        assert launched.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(trainings.workers_of(launched.pid)[1], signal.SIGKILL)
    said = finish(launched).splitlines()
    assert launched.returncode == 1
    assert re.fullmatch(
        r"trainer: worker 1 \(process \d+\) was killed by SIGKILL; all are "
        "stopped, and the same command goes on from the newest checkpoint",
        said[-1],
    )
    resumed = subprocess.Popen(two, stderr=subprocess.PIPE, text=True)
    said = finish(resumed)
    assert resumed.returncode == 0, said
    # One worker speaks, and writes.
    assert said.count(f"step {STEPS} of {STEPS}:") == 1
    assert said.count("updates: median") == 1
    # Of the run that was killed, and of the one that went on.
    assert len(list(run_dir.glob("tensorboard/events.*"))) == 2
    assert len(list(run_dir.glob("tensorboard/plugins/profile/*/*"))) == 1
    alone = forks.run("trainer", *flags(records, tmp_path / "alone"))
    assert alone.code == 0, alone.errors
    both = rows(run_dir), rows(tmp_path / "alone")
    for first, second in zip(*both, strict=True):
        assert first == pytest.approx(second, rel=1e-4, nan_ok=True)
