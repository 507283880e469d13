"""Kills a training at random moments, and compares its end with an uncut one.

  python -m benchmarks.resume --kills=20 --replicas=2
  python -m benchmarks.resume --kills=20 --workers=2

Dropout, a mean of the weights and float16 loss scaling are on. Every other kill
is sent while a checkpoint is being written, as far as that can be hit. Of
several workers, one of them or their launcher is killed.
"""

import argparse
import pathlib
import random
import tempfile

from tests.support import fixtures, trainings


def main() -> None:
    """Prints a line for each kill, then whether the two runs are equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    draw = random.Random(asked.seed)
    # Six steps a kill, of which the checkpoint may take five back.
    steps = 6 * asked.kills
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        fixtures.write_uneven_record_set(folder / "records")
        whole, cut = (
            trainings.Training(
                folder / "records",
                folder / run,
                replicas=asked.replicas,
                workers=asked.workers,
                NUM_STEPS=steps,
                Cadence__evaluate_every=steps // 2,
            )
            for run in ("whole", "cut")
        )
        if whole.run():
            raise SystemExit(whole.said)
        several = range(asked.workers) if asked.workers > 1 else ()
        torn = 0
        for number in range(asked.kills):
            step = cut.steps + draw.randint(1, 5)
            cut.start()
            cut.wait(lambda step=step: cut.steps >= step)
            if number % 2:
                cut.wait(cut.is_writing)
            cut.kill(draw.choice([None, *several]))
            torn += cut.is_writing()
            print(f"kill {number + 1}: told of step {cut.steps}", flush=True)
        if cut.run():
            raise SystemExit(cut.said)
        parts = (
            ("weights and optimizer", trainings.state),
            ("metrics.jsonl", trainings.metrics),
        )
        print(f"{asked.kills} kills, {torn} inside the write of a checkpoint")
        for part, read in parts:
            equal = read(whole.run_dir) == read(cut.run_dir)
            print(f"{part}: {'equal to the bit' if equal else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
