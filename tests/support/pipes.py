"""Runs readers and transforms on the job's runner."""

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that, equal_to


def runner(*flags: str) -> test_pipeline.TestPipeline:
    """FnApiRunner, because DirectRunner downloads a binary first."""
    options = PipelineOptions(["--runner=FnApiRunner", *flags])
    return test_pipeline.TestPipeline(options=options)


def reasons(rejects: Any) -> Any:
    """Rejects -> (image id, reason)."""
    return rejects | "Reasons" >> beam.Map(
        lambda reject: (reject.image_id, reject.reason)
    )


def counted() -> Any:
    """Elements -> how many there are."""
    return beam.combiners.Count.Globally()


def check(good: Any, expected: Iterable[Any], label: str = "good") -> None:
    """Fails the pipeline where it gives anything else, in any order."""
    assert_that(good, equal_to(list(expected)), label=label)
