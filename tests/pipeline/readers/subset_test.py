"""A limit takes the same images, in any order and place."""

import random
from typing import Any

import apache_beam as beam
import pytest

from pipeline.readers import subset
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Reject
from pipeline.recordset import splits
from tests.support import pipes

PARTS = [
    Reference(f"{number}.jpg", f"{number}.jpg", (text,), order=order)
    for number in range(40)
    for order, text in enumerate(["a", "b"])
]
REJECTS = [Reject(f"line {at}", "", "malformed-line", "") for at in range(40)]


class Given(beam.PTransform):
    """Stands for a reader of two references an image and of some rejects."""

    def __init__(self, parts: list[Reference]):
        super().__init__()
        self._parts = parts

    def expand(self, begin: Any) -> Any:
        good = begin | "Good" >> beam.Create(self._parts)
        return good, begin | "Bad" >> beam.Create(REJECTS)


def place(row: Reference | Reject) -> float:
    return splits.unit_hash("limit", row.image_id)


@pytest.mark.parametrize("size", [1, 7, 40, 99])
def test_the_smallest_hashes_are_taken_and_as_many_rejects(size: int) -> None:
    last = sorted({place(part) for part in PARTS})[:size][-1]

    def drawn(row: Reference | Reject) -> bool:
        return size > 40 or place(row) <= last

    shuffled = random.Random(size).sample(PARTS, len(PARTS))
    with pipes.runner() as pipeline:
        images, rejects = pipeline | subset.ReadSome(Given(shuffled), size)
        kept = [part for part in PARTS if place(part) <= last]
        assert len(kept) == 2 * min(size, 40)
        pipes.check(images, kept, "images")
        pipes.check(
            pipes.reasons(rejects),
            [
                (row.image_id, row.reason if drawn(row) else "over-limit")
                for row in [*PARTS, *REJECTS]
                if not (isinstance(row, Reference) and drawn(row))
            ],
            "rejects",
        )


def test_an_empty_data_set_stays_empty() -> None:
    with pipes.runner() as pipeline:
        images, rejects = pipeline | subset.ReadSome(Given([]), 3)
        pipes.check(images, [], "images")
        pipes.check(rejects, REJECTS, "rejects")
