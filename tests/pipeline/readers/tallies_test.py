"""Tallies: how many, and the first of them."""

import apache_beam as beam
import pytest

from pipeline.readers.tallies import Tally, TallyNames
from tests.support import pipes


@pytest.mark.parametrize(
    ("names", "tally"),
    [([], Tally()), (["b"], Tally(1, "b")), (list("cabca"), Tally(5, "a"))],
)
def test_names_are_counted(names: list[str], tally: Tally) -> None:
    with pipes.runner() as pipeline:
        pipes.check(pipeline | beam.Create(names) | TallyNames(), [tally])
