"""Processes that start at once, and commands as a user runs them.

They are forked from a process that has imported TensorFlow and Beam once, and
used neither.
"""

import ctypes
import dataclasses
import gc
import importlib
import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

_CAPABILITY_VERSION_3 = 0x20080522
CONTEXT = multiprocessing.get_context("forkserver")
# Not a main: two define the same flags, and one server forks for both.
CONTEXT.set_forkserver_preload(
    ["trainer.configurable", "pipeline.job.precompute"]
)


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
      program: `pipeline` or `trainer`.
      code: its exit code.
      output: what it printed.
      errors: what it printed to standard error.
    """

    program: str
    code: int
    output: str
    errors: str

    @property
    def told(self) -> str:
        """The one line for the user; fails where there is any other."""
        assert self.code == 1, self.errors
        assert "Traceback" not in self.errors, self.errors
        lines = self.errors.splitlines()
        ours = [line for line in lines if line.startswith(f"{self.program}:")]
        assert len(ours) == 1, self.errors
        assert lines[-1] == ours[0]
        return ours[0].removeprefix(f"{self.program}: ")


def start(function: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """Starts a function of a module in a process of its own."""
    process = CONTEXT.Process(target=_call, args=(function, *arguments))
    process.start()
    return process


def run(program: str, *arguments: str, privileged: bool = True) -> Ended:
    """Runs a program's console script to its end, without its start-up."""
    return _run(program, _script, program, list(arguments), privileged)


def run_module(
    name: str, *arguments: str, folder: Path | str = ".", **environment: str
) -> Ended:
    """Runs `python -m name` in a folder to its end, without its start-up."""
    program, *_ = name.split(".")
    given = (name, list(arguments), str(folder), environment)
    return _run(program, _module, *given)


def _run(program: str, function: Callable[..., None], *given: Any) -> Ended:
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder, "log"))
        command = start(_logged, log, function, *given)
        command.join()
        output, errors = (
            Path(f"{log}.{name}").read_text() for name in ("out", "err")
        )
    return Ended(program, command.exitcode or 0, output, errors)


def _call(function: Callable[..., None], *arguments: Any) -> None:
    # What was imported stays: no collection needs to walk through it.
    gc.freeze()
    function(*arguments)


def _logged(log: str, function: Callable[..., None], *given: Any) -> None:
    for stream, name in ((1, "out"), (2, "err")):
        file = os.open(f"{log}.{name}", os.O_WRONLY | os.O_CREAT)
        os.dup2(file, stream)
    function(*given)


def _module(
    name: str, arguments: list[str], folder: str, environment: dict[str, str]
) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _script(program: str, arguments: list[str], privileged: bool) -> None:
    if not privileged:
        _drop_capabilities()
    sys.argv = [f"{program}.main", *arguments]
    importlib.import_module(f"{program}.main").run()


def _drop_capabilities() -> None:
    """Makes permissions hold for root too."""
    if os.getuid() == 0:
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0
