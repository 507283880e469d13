"""The whole job as a user runs it, on a tiny data set."""

import dataclasses
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from tests.support import fixtures, forks
from tests.support.forks import Ended


def run(*arguments: str, privileged: bool = True) -> Ended:
    """Runs `python -m pipeline.main` to its end, without its start-up."""
    return forks.run("pipeline", *arguments, privileged=privileged)


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
        return Ended("pipeline", code, *texts)


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
