"""Values of a key are merged, whatever table they come in."""

import os
import subprocess
import sys

import apache_beam as beam

from pipeline.job.card import keyed_merge
from tests.support import pipes

TABLE = {f"word {number}": number for number in range(100)}


def test_every_key_falls_in_one_bucket() -> None:
    parts = dict(keyed_merge.scatter(TABLE, 7))
    assert parts.keys() == set(range(7))
    assert {k: v for part in parts.values() for k, v in part.items()} == TABLE
    assert sum(map(len, parts.values())) == 100


def test_a_bucket_does_not_depend_on_the_process() -> None:
    code = (
        "from pipeline.job.card import keyed_merge\n"
        "print(dict(keyed_merge.scatter({('train', 'a dog'): 1}, 1000)))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_values_of_one_key_are_merged_whatever_table_they_come_in() -> None:
    with pipes.runner() as pipeline:
        tables = [
            *keyed_merge.scatter(TABLE, 3),
            *keyed_merge.scatter(TABLE, 3),
        ]
        merged = pipeline | beam.Create(tables) | keyed_merge.Merge(sum)
        pipes.check(
            merged | beam.FlatMapTuple(lambda _, table: table.items()),
            [(word, 2 * number) for word, number in TABLE.items()],
        )
