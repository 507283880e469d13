"""How long tf.data's iterators take to be destroyed.

  python -m benchmarks.ending --seconds=60

An iterator that was used for a minute or more can keep the end of a training
waiting: see `trainer/data/options.py`. Prints a line for each way to open one:
autotuned; steady; by `tf.distribute`, whose own iterators are autotuned; and by
`replica_batches.OfReplicas`, as training does.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from trainer.data import options, replica_batches

Opened = Callable[[tf.data.Dataset], Iterator[Any]]


def seconds_to_destroy(
    asked: tf.data.Options, opened: Opened, seconds: float
) -> list[float]:
    """Uses some iterators for so long, then destroys one after the other."""
    numbers = tf.data.Dataset.range(1 << 62).map(
        lambda number: number + 1, num_parallel_calls=4
    )
    dataset = numbers.prefetch(4).with_options(asked)
    iterators = [opened(dataset) for _ in range(12)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for iterator in iterators:
            next(iterator)
        time.sleep(0.05)
    took = []
    while iterators:
        begin = time.monotonic()
        iterators.pop()
        took.append(time.monotonic() - begin)
    return took


def main() -> None:
    """Prints a line for each way to open an iterator."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    device = tf.distribute.OneDeviceStrategy("CPU:0")
    kinds: tuple[tuple[str, tf.data.Options, Opened], ...] = (
        ("autotuned", tf.data.Options(), iter),
        ("steady", options.steady(), iter),
        (
            "tf.distribute's",
            options.steady(),
            lambda dataset: replica_batches.of_hosts(device, lambda _: dataset),
        ),
        (
            "each replica's",
            options.steady(),
            lambda dataset: replica_batches.OfReplicas(
                device, lambda _: dataset
            ),
        ),
    )
    for name, asked, opened in kinds:
        took = seconds_to_destroy(asked, opened, seconds)
        print(name, " ".join(f"{each:.1f}" for each in took), "s", flush=True)


if __name__ == "__main__":
    main()
