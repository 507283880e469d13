"""The command that renders the scenes, and its one-line errors."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.scenes", *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )


def test_an_argument_that_is_no_flag_is_named(tmp_path: Path) -> None:
    ended = run(f"--output={tmp_path}", "more")
    assert ended.returncode == 1
    assert ended.stderr == "scenes: unexpected argument 'more'\n"


def test_ctrl_c_ends_all_processes_with_one_line(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.scenes", f"--output={tmp_path}"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        start_new_session=True,
    )
    while not list(tmp_path.glob("images/*.jpg")):
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "scenes: stopped by SIGINT"
    assert "Traceback" not in said


def test_scenes_are_written_once(tmp_path: Path) -> None:
    sizes = "--images=2", "--validation=1", "--test=1", "--composition=0"
    first = run(f"--output={tmp_path}", *sizes)
    assert first.returncode == 0, first.stderr
    assert first.stdout.endswith(f"{tmp_path}: complete\n")
    assert len(list((tmp_path / "images").glob("*.jpg"))) == 4
    again = run(f"--output={tmp_path}", *sizes)
    assert again.stdout == f"{tmp_path}: already complete\n"
    other = run(f"--output={tmp_path}", *sizes, "--seed=5")
    assert other.returncode == 1
    assert other.stderr.startswith("scenes: ") and "seed" in other.stderr
