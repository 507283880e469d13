"""Puts known faults into runs, and counts what the doctor says of them.

  python -m benchmarks.diagnosis make --folder=F     the runs, once
  python -m benchmarks.diagnosis judge --folder=F    what the doctor says

Both go on where they were killed. A run takes a minute on two cores, and its
diagnosis half of one. The doctor sees what a user's folder holds, no more.
"""

import argparse
import collections
import json
import pathlib
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

from PIL import Image

from benchmarks.faults import FAULTS, HEALTHY, Fault, sound
from pipeline.scoring import wilson
from trainer.diagnosis.causes.table import CAUSES

TINY = """include 'gin/run_scenes.gin'
RECORDS = '{records}'
NUM_STEPS = 180
MAX_LENGTH = 22
ShowAttendTell.units = 128
ShowAttendTell.attention_units = 64
ShowAttendTell.embedding_units = 64
ShowAttendTell.dropout_rate = 0.1
AdamW.warmup_steps = 30
Batching.captions_per_image = 3
Cadence.evaluate_every = 90
Cadence.checkpoint_every = 90
Cadence.validation_images = 100
Search.beams = 3
"""


class Laboratory:
    """A folder of record sets, runs and diagnoses."""

    def __init__(self, folder: pathlib.Path, images: int = 1200):
        """Takes the folder and the number of train images; makes nothing."""
        self._folder, self._images = folder, images
        self._scenes = folder / "scenes"

    def make(self, faults: Iterable[Fault], seed: int) -> None:
        """Makes the runs that are missing."""
        self._call(
            "pipeline.scenes",
            f"--output={self._scenes}",
            f"--images={self._images}",
            "--validation=200",
            "--test=100",
            "--composition=0",
            done=self._scenes / "captions.jsonl",
        )
        grey = Image.new("RGB", (256, 256), (200, 200, 200))
        grey.save(self._scenes / "placeholder.png")
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

    def judge(self, fault: Fault, seed: int) -> dict[str, Any] | None:
        """What the doctor says of a run; None if it is not made."""
        if not self.made(fault, seed).exists():
            return None
        said = self._folder / "judged" / f"{fault.name}-{seed}.json"
        if not said.exists():
            run = self.run_dir(fault, seed)
            began = time.monotonic()
            self._call("trainer.main", "--mode=diagnose", f"--run_dir={run}")
            row = json.loads((run / "diagnosis.json").read_text())
            row["seconds"] = time.monotonic() - began
            said.parent.mkdir(exist_ok=True)
            said.write_text(json.dumps(row))
        row = json.loads(said.read_text())
        return {**row, "name": fault.name, "truth": fault.cause}

    def _records(self, fault: Fault, seed: int) -> pathlib.Path:
        """Makes the record set that a fault asks for."""
        plain = fault.data is sound and not fault.flags
        name = "sound" if plain else f"{fault.name}-{seed}"
        place = self._folder / "records" / name
        text = (self._scenes / "captions.jsonl").read_text()
        rows = fault.data(
            [json.loads(line) for line in text.splitlines()],
            random.Random(f"{fault.name} {seed}"),
        )
        place.parent.mkdir(exist_ok=True)
        captions = place.with_suffix(".jsonl")
        captions.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self._call(
            "pipeline.main",
            f"--annotations={captions}",
            f"--images={self._scenes}",
            f"--output={place}",
            "--num_shards=2",
            *fault.flags,
            done=place / "manifest.json",
        )
        return place

    def _run(self, fault: Fault, seed: int) -> None:
        run = self.run_dir(fault, seed)
        shutil.rmtree(run, ignore_errors=True)
        run.parent.mkdir(exist_ok=True)
        if fault.after and self.made(HEALTHY[0], seed).exists():
            shutil.copytree(self.run_dir(HEALTHY[0], seed), run)
        else:
            self._train(fault, seed)
        if fault.after:
            fault.after(run, self.run_dir(HEALTHY[1], seed))
        self.made(fault, seed).touch()

    def _train(self, fault: Fault, seed: int) -> None:
        run = self.run_dir(fault, seed)
        config = run.with_suffix(".gin")
        config.write_text(TINY.format(records=self._records(fault, seed)))
        faulty = ("benchmarks.faulty_trainer", fault.patch)
        numbers = [
            f"{name}.seed = {seed + 1}" for name in ("Setup", "Batching")
        ]
        self._call(
            *(faulty if fault.patch else ("trainer.main",)),
            "--mode=train",
            f"--gin_file={config}",
            f"--run_dir={run}",
            *(f"--gin_param={each}" for each in (*fault.params, *numbers)),
        )

    def _call(self, *command: str, done: pathlib.Path | None = None) -> None:
        """Runs a module, unless what it makes is there; logs what it says."""
        if done and done.exists():
            return
        self._folder.mkdir(exist_ok=True)
        with open(self._folder / "log.txt", "a") as log:
            arguments = [sys.executable, "-m", *command]
            subprocess.run(arguments, stdout=log, stderr=log)


def _shared(hits: int, count: int) -> str:
    if not count:
        return "none"
    low, high = wilson.interval(hits / count, count)
    return f"{hits} of {count} ({hits / count:.0%}, {low:.0%} to {high:.0%})"


def report(rows: list[dict[str, Any]]) -> str:
    """Formats what was detected, named first and among the first three."""
    sick = [row for row in rows if row["truth"] != "healthy"]
    well = [row for row in rows if row["truth"] == "healthy"]
    named = [[each["cause"] for each in row["causes"]] for row in sick]
    truths = [row["truth"] for row in sick]
    firsts = [(names or ["none"])[0] for names in named]
    pairs = list(zip(truths, firsts, strict=True))
    common = collections.Counter(truths).most_common(1)
    alarmed = sum(row["state"] != "healthy" for row in well)
    seconds = sorted(row["seconds"] for row in rows)
    lines = [
        "detected:        "
        + _shared(sum(r["state"] != "healthy" for r in sick), len(sick)),
        "false alarms:    " + _shared(alarmed, len(well)),
        "named first:     " + _shared(sum(a == b for a, b in pairs), len(sick)),
        "among three:     "
        + _shared(
            sum(t in n[:3] for t, n in zip(truths, named, strict=True)),
            len(sick),
        ),
        f"a random cause:  {1 / len(CAUSES):.0%} named first",
        "most frequent:   " + _shared(common[0][1] if common else 0, len(sick)),
        f"time of half:    {seconds[len(seconds) // 2]:.0f} s",
        "",
        "Not named first:",
        *(
            f"  {row['name']}: {row['truth']}, named {', '.join(names[:3])}"
            for row, names, (truth, first) in zip(
                sick, named, pairs, strict=True
            )
            if truth != first
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    """Makes runs, or judges them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["make", "judge"])
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", default="", help="part of the runs' names")
    given = parser.parse_args()
    laboratory = Laboratory(given.folder)
    faults = [f for f in (*HEALTHY, *FAULTS) if given.only in f.name]
    rows = []
    for seed in range(given.seeds):
        if given.task == "make":
            laboratory.make(faults, seed)
        else:
            rows += filter(None, (laboratory.judge(f, seed) for f in faults))
    if rows:
        print(report(rows))


if __name__ == "__main__":
    main()
