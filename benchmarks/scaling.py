"""What a second worker of a training brings: weak scaling, on one machine.

  python -m benchmarks.scaling
  python -m benchmarks.scaling --records=data/flickr8k/records
  python -m benchmarks.scaling --jit_compile

Linux only. Each worker is a process pinned to a core of its own, computes on
one thread, and takes batches of one size, whatever the number of workers. In
turns: one worker alone, two that know nothing of each other, and two that train
one captioner over loopback. The middle one tells what the machine's second core
is worth. Without records of one's own, noise of Flickr8k's size is trained on.
On a machine that others use, the wall clock of two that wait for each other
says little: the CPU seconds of a worker tell what working together adds, but
not the waiting.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records
from tests.support import fixtures
from trainer.captioners import show_attend_tell
from trainer.data import batches
from trainer.data.batching import Batching
from trainer.devices import launcher, strategy, workers
from trainer.training import (
    loss,
    loss_scale,
    objective,
    optimizer,
    train_step,
)

ROOT = pathlib.Path(__file__).parent.parent
GRID = records.GridSpec(locations=49, depth=1280)
TOKENS = 2538  # Flickr8k's; other records may have more.
BATCH_IMAGES = 64  # Of a worker: two share the batch of `gin/run_coco.gin`.
ALONE, APART, TOGETHER = "one worker", "two apart", "two together"


def prepared(asked: argparse.Namespace) -> tuple[Callable[[int], Any], int]:
    """Number of updates -> makes them; and the bytes that each reduces."""
    devices = strategy.Devices(kind="auto").open()
    crew = workers.Workers(devices)
    record_set = record_set_lib.open_record_set(str(asked.records))
    grid = record_set.manifest.grid
    tokens = max(TOKENS, len(record_set.vocabulary))
    with devices.scope():
        model = show_attend_tell.ShowAttendTell(
            vocabulary_size=tokens,
            locations=grid.locations,
            depth=grid.depth,
            log_unigram=np.zeros(tokens, np.float32),
            units=asked.units,
        )
        adamw = optimizer.AdamW().build(model.trainable_variables)
    step = train_step.TrainStep(
        strategy=devices,
        captioner=model,
        optimizer=adamw,
        objective=objective.TeacherForcing(loss.CaptionLoss()),
        loss_scale=loss_scale.LossScale(None),
        seed=1,
        jit_compile=asked.jit_compile,
    )
    batching = Batching(
        batch_images=asked.batch_images * crew.count,
        num_streams=2,
        shuffle_window=8,
    )
    data = batches.CaptionDataset(record_set, "train", batching, shuffle=True)
    update = step.over(data.distribute(devices, first_step=0))
    # Each weight's gradient; the loss and the count of tokens.
    sums = sum(int(np.prod(v.shape)) for v in model.trainable_variables) + 2
    return update, 4 * sums


def work(asked: argparse.Namespace) -> None:
    """One worker: makes updates for each line it is given, and tells so."""
    os.sched_setaffinity(0, {asked.core})
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    update, reduced = prepared(asked)
    update(1)
    print(json.dumps(reduced), flush=True)
    for _ in sys.stdin:
        begin = time.process_time()
        update(asked.steps)
        print(time.process_time() - begin, flush=True)


class Turn:
    """Workers that compute when they are told to, all at once."""

    def __init__(self, count: int, *, together: bool, options: list[str]):
        """Starts them."""
        self._ports = [launcher.hold_port() for _ in range(count)]
        alone = [""] * count
        clusters = launcher.configurations(self._ports) if together else alone
        self._workers = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.scaling", *options]
                + [f"--core={core}"],
                cwd=ROOT,
                env={**os.environ, "TF_CONFIG": cluster},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for core, cluster in enumerate(clusters)
        ]

    def told(self) -> list[str]:
        """Waits for a line of each.

        Raises:
          RuntimeError: a worker has ended.
        """
        lines = [worker.stdout.readline() for worker in self._workers]
        if not all(lines):
            raise RuntimeError("a worker has ended: start one by hand")
        return lines

    def seconds(self) -> tuple[float, float]:
        """From the word until the last has done; and the CPU's, of each."""
        begin = time.perf_counter()
        for worker in self._workers:
            worker.stdin.write("\n")
            worker.stdin.flush()
        cpu = statistics.mean(map(float, self.told()))
        return time.perf_counter() - begin, cpu

    def end(self) -> None:
        """Kills them."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
        for port in self._ports:
            port.close()


def measure(asked: argparse.Namespace) -> None:
    """Prints medians, and what they say."""
    options = [
        f"--{name}={getattr(asked, name)}"
        for name in ("records", "units", "batch_images", "steps")
    ]
    options += ["--jit_compile"] * asked.jit_compile
    turns = {}
    try:
        for name, count in ((ALONE, 1), (APART, 2), (TOGETHER, 2)):
            turns[name] = Turn(
                count, together=name == TOGETHER, options=options
            )
            reduced = int(turns[name].told()[0])
        seen: dict[str, list[tuple[float, float]]] = {n: [] for n in turns}
        for _ in range(asked.rounds):
            for name, turn in turns.items():
                seen[name].append(turn.seconds())
    finally:
        for turn in turns.values():
            turn.end()
    print(f"reduced in each step: {reduced / 1e6:.1f} MB from each worker")
    print("s a step, median (least to most), and its efficiency:")
    for number, kind in enumerate(("wall clock", "CPU of a worker")):
        alone = [row[number] / asked.steps for row in seen[ALONE]]
        for name, rows in seen.items():
            own = [row[number] / asked.steps for row in rows]
            shares = [a / b for a, b in zip(alone, own, strict=True)]
            print(
                f"{kind}, {name}: {statistics.median(own):.3f} "
                f"({min(own):.3f} to {max(own):.3f}), "
                f"{statistics.median(shares):.3f}"
            )


def main() -> None:
    """One worker where a core is named, else all of them in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=pathlib.Path)
    parser.add_argument("--units", type=int, default=1024)
    parser.add_argument("--batch_images", type=int, default=BATCH_IMAGES)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jit_compile", action="store_true")
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.core is not None:
        work(asked)
    elif asked.records:
        asked.records = asked.records.resolve()
        measure(asked)
    else:
        with tempfile.TemporaryDirectory() as folder:
            asked.records = pathlib.Path(folder)
            fixtures.write_record_set(
                asked.records, images={"train": 256}, grid=GRID
            )
            measure(asked)


if __name__ == "__main__":
    main()
