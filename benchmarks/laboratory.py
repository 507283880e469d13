"""A folder of record sets, runs with known faults in them, and diagnoses."""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks import counts
from benchmarks.fault_table import HEALTHY, OTHER
from benchmarks.faults import Fault
from benchmarks.pictures import Pictures

# Runs a module with arguments to its end; returns what it says.
Execute = Callable[..., str]


def as_a_user(*command: str) -> str:
    """Runs a module in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout


class Laboratory:
    """A folder of record sets, runs and diagnoses."""

    def __init__(
        self,
        folder: pathlib.Path,
        pictures: Pictures,
        execute: Execute = as_a_user,
    ):
        """Takes the folder, what to train on, and what runs a module."""
        self._folder, self._pictures, self._execute = folder, pictures, execute
        self._images = folder / "pictures"

    def make(self, faults: Iterable[Fault], seed: int) -> None:
        """Makes the runs that are missing."""
        self._pictures.make(self._images, self.call)
        for fault in faults:
            began = time.monotonic()
            if not self.made(fault, seed).exists():
                self._run(fault, seed)
                took = time.monotonic() - began
                print(f"{fault.name}-{seed}: {took:.0f} s", flush=True)

    def run_dir(self, fault: Fault, seed: int) -> pathlib.Path:
        """The folder of a run."""
        return self._folder / "runs" / f"{fault.name}-{seed}"

    def made(self, fault: Fault, seed: int) -> pathlib.Path:
        """A file that is there once a run is."""
        return self._folder / "runs" / f"{fault.name}-{seed}.made"

    def at(self, *names: str) -> pathlib.Path:
        """A path in the folder."""
        return self._folder.joinpath(*names)

    def judge(self, fault: Fault, seed: int) -> dict[str, Any] | None:
        """What the doctor says of a run; None if it is not made."""
        if not self.made(fault, seed).exists():
            return None
        truth = [fault.cause, fault.also] if fault.also else [fault.cause]
        return {
            **self._said(fault, seed),
            "name": f"{fault.name}-{seed}",
            "truth": truth,
            "true_dose": fault.dose,
            "sound": counts.skill(self._said(HEALTHY[0], seed)),
            "held_out": bool(seed),
        }

    def _said(self, fault: Fault, seed: int) -> dict[str, Any]:
        """What is in a run's diagnosis, and how many `seconds` it took."""
        said = self._folder / "judged" / f"{fault.name}-{seed}.json"
        if not said.exists():
            run = self.run_dir(fault, seed)
            began = time.monotonic()
            self.use(fault, "--mode=diagnose", f"--run_dir={run}")
            row = json.loads((run / "diagnosis.json").read_text())
            row["seconds"] = time.monotonic() - began
            said.parent.mkdir(exist_ok=True)
            said.write_text(json.dumps(row))
        found: dict[str, Any] = json.loads(said.read_text())
        return found

    def records(self, fault: Fault, seed: int) -> pathlib.Path:
        """Makes the record set that a fault asks for."""
        name = "sound" if fault.sound_records else f"{fault.name}-{seed}"
        place = self._folder / "records" / name
        text = (self._images / "captions.jsonl").read_text()
        rows = fault.data(
            [json.loads(line) for line in text.splitlines()],
            random.Random(f"{fault.name} {seed}"),
        )
        place.parent.mkdir(exist_ok=True)
        captions = place.with_suffix(".jsonl")
        captions.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.call(
            "pipeline.main",
            f"--annotations={captions}",
            f"--images={self._images}",
            f"--output={place}",
            "--num_shards=2",
            *self._pictures.flags,
            *fault.flags,
            done=place / "manifest.json",
        )
        changed = place / "changed"
        if fault.shards and not changed.exists():
            fault.shards(place, random.Random(f"{fault.name} {seed}"))
            changed.touch()
        return place

    def _run(self, fault: Fault, seed: int) -> None:
        run = self.run_dir(fault, seed)
        shutil.rmtree(run, ignore_errors=True)
        run.parent.mkdir(exist_ok=True)
        trained = fault.after or fault.used
        if trained and self.made(HEALTHY[0], seed).exists():
            shutil.copytree(self.run_dir(HEALTHY[0], seed), run)
        else:
            self._train(fault, seed)
        if fault.after:
            fault.after(run, self.run_dir(OTHER, seed))
        if not (run / "checkpoints").exists():
            raise RuntimeError(
                f"{run} was not trained: see {self._folder / 'log.txt'}"
            )
        self.made(fault, seed).touch()

    def _train(self, fault: Fault, seed: int) -> None:
        run = self.run_dir(fault, seed)
        config = run.with_suffix(".gin")
        config.write_text(self._pictures.config(self.records(fault, seed)))
        numbers = [
            f"{name}.seed = {seed + 1}" for name in ("Setup", "Batching")
        ]
        self.call(
            *_program(fault.patch),
            "--mode=train",
            f"--gin_file={config}",
            f"--run_dir={run}",
            *(f"--gin_param={each}" for each in (*fault.params, *numbers)),
        )

    def use(
        self,
        fault: Fault,
        *flags: str,
        done: pathlib.Path | None = None,
    ) -> None:
        """Uses what was trained, with the code that the fault is in."""
        self.call(*_program(fault.used), *flags, done=done)

    def call(self, *command: str, done: pathlib.Path | None = None) -> None:
        """Runs a module, unless what it makes is there; logs what it says."""
        if done and done.exists():
            return
        self._folder.mkdir(exist_ok=True)
        said = self._execute(*command)
        with open(self._folder / "log.txt", "a") as log:
            log.write(said)


def _program(patch: str) -> tuple[str, ...]:
    """The trainer, with a fault in its code."""
    faulty = ("benchmarks.faulty_trainer", patch)
    return faulty if patch else ("trainer.main",)
