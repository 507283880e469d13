"""The programs, as modules and as console scripts, show the same help."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

from tests.support import forks

ROOT = pathlib.Path(__file__).parents[2]
FLAGS = {
    "pipeline": ("mode", "annotations", "min_count", "encoder", "html"),
    "trainer": ("mode", "run_dir", "gin_file", "num_workers", "output"),
}
TASKS = {
    "pipeline": [
        "What to do",
        "The data set",
        "Splits and words",
        "Images and their encoder",
        "What may be left out",
        "--mode=inspect",
    ],
    "trainer": [
        "What to do",
        "Settings",
        "--mode=train",
        "--mode=score and --mode=diagnose of any system",
        "--mode=compare",
        "--mode=caption",
    ],
}


def shown(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    return done.stdout


def headings(help_):
    return re.findall(r"^(\S.*):$", help_, re.MULTILINE)


def test_a_reader_that_has_left_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.scenes", "--help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=120,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_scenes_show_examples_and_their_flags_by_task():
    help_ = shown("pipeline.scenes")
    examples, *_ = help_.partition("\nWhat to do:")
    assert "  python -m pipeline.scenes --output=" in examples
    tasks = ["What to do", "The scenes", "A planted defect"]
    assert headings(help_) == tasks
    assert help_.count("\n  --") == 9


@pytest.mark.parametrize("program", FLAGS)
def test_help_shows_examples_and_every_flag_by_task(program):
    help_ = shown(f"{program}.main")
    script = forks.run(program, "--help")
    assert (script.code, script.output) == (0, help_)
    examples, *_ = help_.partition("\nWhat to do:")
    assert f"  python -m {program}.main --" in examples
    assert f"`eyewitness-{program}`" in examples
    assert headings(help_) == TASKS[program]
    listed = re.findall(r"^  --(?:\[no\])?(\w+):\s", help_, re.MULTILINE)
    assert {*FLAGS[program]} <= {*listed}
    source = (ROOT / program / "main.py").read_text()
    assert len(listed) == len({*listed}) == source.count("flags.DEFINE_")
