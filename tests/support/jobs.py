"""The whole job as a user runs it, on a tiny data set.

Jobs are forked from a process that has imported TensorFlow and Beam once.
"""

import ctypes
import dataclasses
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from tests.support import fixtures

_CAPABILITY_VERSION_3 = 0x20080522
_FORKS = multiprocessing.get_context("forkserver")
# Not main: the trainer's defines the same flags, and one server forks for both.
_FORKS.set_forkserver_preload(["pipeline.job.precompute"])


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a job ended: exit code, and what it printed."""

    code: int
    output: str
    errors: str

    @property
    def told(self) -> str:
        """The one line for the user; fails where there is any other."""
        assert self.code == 1, self.errors
        assert "Traceback" not in self.errors, self.errors
        lines = self.errors.splitlines()
        ours = [line for line in lines if line.startswith("pipeline:")]
        assert len(ours) == 1, self.errors
        assert lines[-1] == ours[0]
        return ours[0].removeprefix("pipeline: ")


def _drop_capabilities() -> None:
    """Makes permissions hold for root too."""
    if os.getuid() == 0:
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0


def _job(arguments: list[str], log: str, privileged: bool) -> None:
    for stream, name in ((1, "out"), (2, "err")):
        file = os.open(f"{log}.{name}", os.O_WRONLY | os.O_CREAT)
        os.dup2(file, stream)
    if not privileged:
        _drop_capabilities()
    sys.argv = ["pipeline.main", *arguments]
    from pipeline import main

    main.run()


def run(*arguments: str, privileged: bool = True) -> Ended:
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder, "log"))
        given = (list(arguments), log, privileged)
        job = _FORKS.Process(target=_job, args=given)
        job.start()
        job.join()
        output, errors = (
            Path(f"{log}.{name}").read_text() for name in ("out", "err")
        )
    return Ended(job.exitcode or 0, output, errors)


@dataclasses.dataclass(frozen=True)
class Job:
    """A job that runs, and what it prints: in files, which workers may hold."""

    process: subprocess.Popen[str]
    output: IO[str]
    errors: IO[str]

    def end(self, *, seconds: float = 300) -> Ended:
        """Waits for it; a job that takes longer hangs, and is killed."""
        try:
            code = self.process.wait(seconds)
        finally:
            self.process.kill()
        texts = []
        for file in (self.output, self.errors):
            file.seek(0)
            texts.append(file.read())
            file.close()
        return Ended(code, *texts)


def start(*arguments: str) -> Job:
    """Starts `python -m pipeline.main`, as a user does."""
    output, errors = (tempfile.TemporaryFile("w+") for _ in range(2))
    command = [sys.executable, "-m", "pipeline.main", *arguments]
    process = subprocess.Popen(command, stdout=output, stderr=errors, text=True)
    return Job(process, output, errors)


@dataclasses.dataclass(frozen=True)
class World:
    """A corpus, an encoder, and the flags that turn them into records."""

    corpus: fixtures.Corpus
    encoder: Path

    def flags(self, output: Path, **changes: object) -> list[str]:
        flags = {
            "annotations": self.corpus.jsonl,
            "images": self.corpus.images,
            "encoder": self.encoder,
            "num_shards": 2,
            "batch_size": 4,
            "thumbnail_side": 16,
            "output": output,
        }
        return [
            f"--{name}={value}" for name, value in (flags | changes).items()
        ]


def draw_world(folder: Path) -> World:
    """Draws both under a folder."""
    corpus = fixtures.draw_corpus(folder / "corpus")
    return World(corpus, fixtures.save_encoder(folder / "patches.keras"))


def contents(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob(pattern)}


def read_terminal(descriptor: int) -> bytes:
    """What a terminal shows next; nothing when its other end is closed."""
    try:
        return os.read(descriptor, 1000)
    except OSError:
        return b""
