"""Compiles the shipped runs' device programs for TPUs: rows of a table.

TensorFlow lowers in one process and jaxlib compiles in another, because their
libraries clash in one. `TPU_COMPILER_PYTHON` names the other environment's
interpreter.
"""

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).parents[2]
PYTHON = os.environ.get("TPU_COMPILER_PYTHON", sys.executable)
# Gigabytes (2^30) of a core, of which a v3 chip has two.
HBM = {"v3": 16, "v5e": 16, "v6e": 32}
# Run -> replicas that share its batch: four meet in a reduction, and the larger
# batch whole is the most that a core may be asked to hold.
RUNS = {"flickr8k": 4, "coco": 1}


def missing() -> str:
    """Why nothing can be compiled here, or nothing."""
    needed = "import jax, libtpu; assert jax.__version__ == '0.10.2'"
    found = subprocess.run([PYTHON, "-c", needed], capture_output=True)
    return "" if not found.returncode else "needs pip install '.[tpu-compile]'"


def rows(
    folder: pathlib.Path, run: str, chips: Sequence[str] = tuple(HBM)
) -> Iterator[dict[str, Any]]:
    """Compiles a run's programs for each chip.

    Args:
      folder: to be filled with the lowered programs.
      run: of `RUNS`.
      chips: of `HBM`.

    Yields:
      `run`, and what `tpu_compiler` reports of a program and a chip.

    Raises:
      subprocess.CalledProcessError: one of the two processes failed.
    """
    replicas = f"--replicas={RUNS[run]}"
    subprocess.run(
        [sys.executable, "-m", "tests.device_programs", f"--run={run}"]
        + [f"--output={folder}", replicas],
        cwd=ROOT,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    programs = sorted(map(str, folder.iterdir()))
    for chip in chips:
        compiled = subprocess.run(
            [PYTHON, "tests/tpu_compiler.py", f"--chip={chip}", replicas]
            + programs,
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for line in compiled.stdout.splitlines():
            yield {"run": run, **json.loads(line)}
