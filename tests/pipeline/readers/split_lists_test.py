"""Split lists: an image is in one split, whichever lists name it."""

import dataclasses

import apache_beam as beam

from pipeline.readers import split_lists
from pipeline.readers.reference import Reference
from pipeline.recordset import splits
from tests.support import pipes


def test_adding_images_moves_no_other() -> None:
    rule = splits.SplitRule(validation_share=0.2, test_share=0.2)
    few = [Reference(f"{number}", "a.jpg", ("x",)) for number in range(40)]
    more = [Reference(f"new-{number}", "a.jpg", ("x",)) for number in range(40)]
    expected = [
        dataclasses.replace(part, split=rule.assign(part.image_id, ""))
        for part in few
    ]
    assert {part.split for part in expected} == {"train", "validation", "test"}
    with pipes.runner() as pipeline:
        assigned = (
            pipeline
            | beam.Create([*more, *few])
            | split_lists.AssignSplits(rule)
            | beam.Filter(lambda part: not part.image_id.startswith("new"))
        )
        pipes.check(assigned, expected)
