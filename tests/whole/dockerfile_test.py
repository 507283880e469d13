"""The workers' image, checked as far as is possible without building it."""

import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import setuptools
from packaging import specifiers

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().replace("\\\n", "").splitlines()
BASE = re.compile(r"FROM apache/beam_python(?P<python>.+)_sdk:(?P<beam>.+)")


def instructions(name: str) -> list[str]:
    found = [line.partition(" ")[2] for line in LINES if line.startswith(name)]
    assert found, name
    return found


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What setup.py says of the package."""
    said: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", said.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    return said


@pytest.fixture
def base() -> re.Match[str]:
    (line,) = (line for line in LINES if line.startswith("FROM"))
    found = BASE.fullmatch(line)
    assert found, line
    return found


def test_its_beam_is_the_one_that_is_pinned(base: re.Match[str]) -> None:
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    assert f"apache-beam=={base['beam']}" in pins


def test_its_python_is_one_that_the_package_runs_on(
    base: re.Match[str], setup: dict[str, Any]
) -> None:
    assert base["python"] in specifiers.SpecifierSet(setup["python_requires"])


def test_it_installs_extras_that_there_are(setup: dict[str, Any]) -> None:
    named = re.findall(r"EXTRAS=([\w,]+)", "\n".join(LINES))
    assert len(named) == 2  # The default, and the comment's.
    for extras in named:
        assert set(extras.split(",")) <= set(setup["extras_require"])


@pytest.mark.slow
def test_what_it_copies_installs_and_does_what_it_tries(tmp_path: Path) -> None:
    context, site = tmp_path / "context", tmp_path / "site"
    context.mkdir()
    for copied in instructions("COPY"):
        *sources, target = copied.split()
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, context / target)
            else:
                shutil.copy(ROOT / source, context / target)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", f"--target={site}", "."],
        cwd=context,
        check=True,
    )
    tried = instructions("RUN")[-1].replace("$ENCODER", "efficientnet-lite0")
    for command in tried.split("&&"):
        program, *arguments = shlex.split(command)
        assert program == "python"
        subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": str(site), "PATH": ""},
            check=True,
        )
