"""Both programs, as modules and as console scripts, show the same help."""

import pathlib
import re
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
        "--mode=diagnose",
        "--mode=caption",
    ],
}


@pytest.mark.parametrize("program", FLAGS)
def test_help_shows_examples_and_every_flag_by_task(program):
    done = subprocess.run(
        [sys.executable, "-m", f"{program}.main", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    help_ = done.stdout
    script = forks.run(program, "--help")
    assert (script.code, script.output) == (0, help_)
    examples, *_ = help_.partition("\nWhat to do:")
    assert f"  python -m {program}.main --" in examples
    assert f"`eyewitness-{program}`" in examples
    assert re.findall(r"^(\S.*):$", help_, re.MULTILINE) == TASKS[program]
    listed = re.findall(r"^  --(?:\[no\])?(\w+):\s", help_, re.MULTILINE)
    assert {*FLAGS[program]} <= {*listed}
    source = (ROOT / program / "main.py").read_text()
    assert len(listed) == len({*listed}) == source.count("flags.DEFINE_")
