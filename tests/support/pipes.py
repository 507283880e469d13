"""Runs readers and transforms on the job's runner."""

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that, equal_to

from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Read, Reject, Remark


def runner(*flags: str) -> test_pipeline.TestPipeline:
    """FnApiRunner, because DirectRunner downloads a binary first."""
    options = PipelineOptions(["--runner=FnApiRunner", *flags])
    return test_pipeline.TestPipeline(options=options)


def only_rejects(rows: Any) -> Any:
    """What a reader gives beside references -> what it left out."""
    return rows | "Rejects only" >> beam.Filter(
        lambda row: isinstance(row, Reject)
    )


def reasons(rejects: Any) -> Any:
    """Rejects -> (image id, reason)."""
    return only_rejects(rejects) | "Reasons" >> beam.Map(
        lambda reject: (reject.image_id, reject.reason)
    )


def remarks(rows: Any) -> Any:
    """What a reader gives beside references -> the texts of its remarks."""
    return (
        rows
        | "Remarks only" >> beam.Filter(lambda row: isinstance(row, Remark))
        | "Texts" >> beam.Map(lambda remark: remark.text)
    )


def counted() -> Any:
    """Elements -> how many there are."""
    return beam.combiners.Count.Globally()


def check(good: Any, expected: Iterable[Any], label: str = "good") -> None:
    """Fails the pipeline where it gives anything else, in any order.

    What a reader counts as read, and remarks, are passed over.
    """
    compare = equal_to(list(expected))

    def alone(rows: Iterable[Any]) -> None:
        compare([row for row in rows if not isinstance(row, Read | Remark)])

    assert_that(good, alone, label=label)


def parted(given: Iterable[Any]) -> tuple[list[Reference], list[Reject]]:
    """What a reader yields -> references, and what it left out."""
    good, left_out = [], []
    for item in given:
        if isinstance(item, Reference):
            good.append(item)
        elif isinstance(item.value, Reject):
            left_out.append(item.value)
    return good, left_out
