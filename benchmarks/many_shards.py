"""What the number of shards costs: opening, the first batch, and each record.

  python -m benchmarks.many_shards --records=data/flickr8k/records

Takes 8,192 records of the train split, over and over where it has fewer, writes
them anew in 8, 512 and 1,024 shards of a temporary folder, and prints for each
the seconds until the first batch and the microseconds a record of the next 240
batches. Then it prints how long the given record set takes to open, and how
many bytes of it are asked of the system (Linux).
"""

import argparse
import dataclasses
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import tfrecord
from trainer.data import batches
from trainer.data.batching import Batching

RECORDS, STEPS, BATCHING = 8192, 240, Batching(max_length=21)


def rewritten(
    record_set: record_set_lib.RecordSet, folder: Path, count: int
) -> record_set_lib.RecordSet:
    """The same record set, its train split in so many shards of a folder."""
    paths = [part.path for part in record_set.parts("train")]
    data = tf.data.TFRecordDataset(paths).repeat().take(RECORDS)
    records, parts = data.as_numpy_iterator(), []
    for number in range(count):
        path, held = folder / f"{count}-{number}", RECORDS // count
        with path.open("wb") as file:
            for record in itertools.islice(records, held):
                file.write(tfrecord.frame(record))
        parts.append(record_set_lib.Part(str(path), 0, held))
    return dataclasses.replace(record_set, resplit={"train": tuple(parts)})


def timed(record_set: record_set_lib.RecordSet) -> tuple[float, float]:
    """Seconds to the first batch, and seconds a record after it."""
    data = batches.CaptionDataset(record_set, "train", BATCHING, shuffle=True)
    begin = time.perf_counter()
    taken: Iterator[batches.Batch] = iter(data.epochs(first_step=0, replicas=1))
    next(taken)
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    for _ in range(STEPS):
        next(taken)
    spent = time.perf_counter() - begin
    return first, spent / STEPS / BATCHING.batch_images


def asked_bytes() -> int:
    """Bytes that this process has asked the system to read."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"])


def main() -> None:
    """Prints a line for each number of shards, and one for the opening."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", required=True)
    path = parser.parse_args().records
    before, begin = asked_bytes(), time.perf_counter()
    record_set = record_set_lib.open_record_set(path)
    opened, asked = time.perf_counter() - begin, asked_bytes() - before
    for count in (8, 512, 1024):
        with tempfile.TemporaryDirectory() as folder:
            first, each = timed(rewritten(record_set, Path(folder), count))
        print(
            f"{count} shards: first batch {first:.2f} s, "
            f"{each * 1e6:.0f} us a record",
            flush=True,
        )
    size = sum(os.stat(file).st_size for file in Path(path).iterdir())
    print(f"opened in {opened:.2f} s: {asked / 1e6:.1f} of {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
