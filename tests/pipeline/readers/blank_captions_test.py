"""Blank captions are left out, and none of them without a word."""

from typing import Any

import apache_beam as beam
import pytest

from pipeline.readers import blank_captions
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Read, Unit
from tests.support import pipes


class Given(beam.PTransform):
    """Stands for a reader of one image with these captions."""

    def __init__(self, captions: tuple[str, ...]):
        super().__init__()
        self._part = Reference("a", "a.jpg", captions)

    def expand(self, begin: Any) -> Any:
        read = begin | "Read" >> beam.Create([Read(Unit.LINES)])
        return begin | "Good" >> beam.Create([self._part]), read


@pytest.mark.parametrize(
    ("captions", "kept"),
    [
        (("a dog", "it"), ("a dog", "it")),
        (("a dog", "", "it", "\u3000"), ("a dog", "it")),
        (("", " \t\n"), ()),
        ((), ()),
    ],
)
def test_captions_without_text_are_left_out_one_by_one(
    captions: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    with pipes.runner() as pipeline:
        good, rejects = pipeline | blank_captions.LeaveOutBlanks(
            Given(captions)
        )
        pipes.check(good, [Reference("a", "a.jpg", kept)])
        blank = [("a", "blank-caption")] * (len(captions) - len(kept))
        pipes.check(pipes.reasons(rejects), blank, "rejects")
