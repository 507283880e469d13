"""Whether the input keeps up: the trainer's batches against the bare files.

  python -m benchmarks.input --records=data/flickr8k/records

Takes `gin/run_flickr8k.gin`'s batches of the `train` split with a step that
does nothing, and scans as many records with `tf.data.TFRecordDataset` alone,
in turn: as it comes, and unbuffered as the trainer reads, which is the fastest
that it goes. Says records per second and CPU microseconds a record, which other
processes disturb less, as medians over the rounds, and how much of a consumer
of an H100's class the input would feed.

What such a consumer takes is its FLOPs an image by its published rate: the
captioner's multiply-adds of one image with five captions of 21 tokens, twice
for FLOPs, thrice for forward and backward; 989 TFLOP/s in dense bfloat16
(NVIDIA's data sheet, H100 SXM), of which 20 % are reached. A recurrence of
small products reaches less, and needs less input.
"""

import argparse
import collections
import statistics
import time
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from trainer.data import batches as batches_lib
from trainer.data.batching import Batching

BATCHING = Batching(max_length=21)
SCANS: dict[str, int | None] = {"bare": None, "bare unbuffered": 0}
UNITS, NARROW = 512, 256  # Attention and embedding are narrow.
H100_FLOPS, UTILISATION = 989e12, 0.2


def flops_per_image(record_set: record_set_lib.RecordSet) -> float:
    """Forward and backward, of one image with its captions."""
    grid, words = record_set.manifest.grid, len(record_set.vocabulary)
    positions = BATCHING.captions_per_image * BATCHING.max_length
    remembered = grid.locations * UNITS * (grid.depth + NARROW)
    attended = UNITS * NARROW + grid.locations * (NARROW + UNITS)
    # Word, hidden state and context into four gates; the context's own gate.
    recurrent = 4 * UNITS * (NARROW + 2 * UNITS) + UNITS * UNITS
    output = 2 * UNITS * NARROW + NARROW * words
    return 6 * (remembered + positions * (attended + recurrent + output))


def rates(batches: Iterable[Any], steps: int) -> tuple[float, float]:
    """Records a second, and CPU seconds a record, from the first batch on."""
    taken, records = iter(batches), steps * BATCHING.batch_images
    next(taken)
    begin, cpu = time.perf_counter(), time.process_time()
    for _ in range(steps):
        next(taken)
    spent = time.process_time() - cpu
    return records / (time.perf_counter() - begin), spent / records


def main() -> None:
    """Prints a line a round, then medians, their ratios and the consumers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    record_set = record_set_lib.open_record_set(asked.records)
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )
    files = [part.path for part in record_set.parts("train")]
    size, steps = BATCHING.batch_images, data.steps_per_epoch
    rounds: dict[str, list[tuple[float, float]]] = collections.defaultdict(list)
    for number in range(asked.rounds):
        # Each begins in another epoch, and goes over all of it.
        epochs = data.epochs(first_step=number * steps, replicas=1)
        rounds["trainer's"].append(rates(epochs, steps))
        for name, buffer in SCANS.items():
            scan = tf.data.TFRecordDataset(files, buffer_size=buffer).repeat()
            scan = scan.batch(size).prefetch(4)
            rounds[name].append(rates(scan, steps))
        print(*(f"{k} {v[-1][0]:.0f}" for k, v in rounds.items()), "records/s")
    medians = {
        name: [statistics.median(each) for each in zip(*taken, strict=True)]
        for name, taken in rounds.items()
    }
    ours = medians["trainer's"][0]
    for name, (rate, cpu) in medians.items():
        print(
            f"{name}: {rate:.0f} records/s, {cpu * 1e6:.0f} microseconds of "
            f"CPU a record; the trainer's is {ours / rate:.2f} of it"
        )
    wanted = H100_FLOPS * UTILISATION / flops_per_image(record_set)
    print(
        f"fed: {ours / size:.0f} steps/s of {size} images; an H100 at "
        f"{UTILISATION:.0%} would take {wanted / size:.0f} steps/s"
    )


if __name__ == "__main__":
    main()
