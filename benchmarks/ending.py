"""How long tf.data's iterators take to be destroyed, autotuned and steady.

  python -m benchmarks.ending --seconds=60

An iterator that was used for a minute or more can keep the end of a training
waiting; see `trainer/data/options.py`.
"""

import argparse
import time

import tensorflow as tf

from trainer.data import options


def seconds_to_destroy(asked: tf.data.Options, seconds: float) -> list[float]:
    """Uses some iterators for so long, then destroys one after the other."""
    numbers = tf.data.Dataset.range(1 << 62).map(
        lambda number: number + 1, num_parallel_calls=4
    )
    dataset = numbers.prefetch(4).with_options(asked)
    iterators = [iter(dataset) for _ in range(12)]
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
    """Prints a line for each kind of options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    for name, asked in (
        ("autotuned", tf.data.Options()),
        ("steady", options.steady()),
    ):
        took = seconds_to_destroy(asked, seconds)
        print(name, " ".join(f"{each:.1f}" for each in took), "s", flush=True)


if __name__ == "__main__":
    main()
