"""The runner's side: which flags reach Beam, and which line tells an error."""

import logging

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DirectOptions, StandardOptions

from pipeline import runner


def test_the_default_runner_downloads_nothing() -> None:
    options = runner.parse_options([])
    assert options.view_as(StandardOptions).runner == "FnApiRunner"


def test_flags_reach_beam() -> None:
    options = runner.parse_options(
        ["--runner=PortableRunner", "--direct_num_workers=3"]
    )
    assert options.view_as(StandardOptions).runner == "PortableRunner"
    assert options.view_as(DirectOptions).direct_num_workers == 3


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (
            ["--num_shard=3"],
            "unknown flag --num_shard: see `python -m pipeline.main --help`",
        ),
        (
            ["--streaming", "false"],
            "not a flag: 'false'; flags are written --name=value",
        ),
    ],
)
def test_a_wrong_flag_is_told(argv: list[str], told: str) -> None:
    with pytest.raises(ValueError) as caught:
        runner.parse_options(argv)
    assert str(caught.value) == told


def fail(number: int) -> None:
    raise OSError(28, "No space left on device", f"/full/{number}")


def test_the_cause_of_a_failed_stage_is_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, logger="apache_beam")
    with pytest.raises(Exception) as caught:
        with beam.Pipeline(options=runner.parse_options([])) as pipeline:
            pipeline | beam.Create([7]) | "Fill the disk" >> beam.Map(fail)
    assert runner.cause(caught.value) == (
        "[Errno 28] No space left on device: '/full/7'"
    )


def test_the_cause_in_a_workers_traceback_is_the_last_error() -> None:
    wrapped = RuntimeError(
        "Pipeline failed in state FAILED: Traceback (most recent call last):\n"
        '  File "storage.py", line 20, in write_bytes\n'
        "OSError: first\n"
        "During handling of the above exception:\n"
        "pipeline.manifest.RecordSetError: the data  set has no images [while "
        "running 'Precompute/Finish-ptransform-49']\n"
    )
    assert runner.cause(wrapped) == "the data set has no images"


def test_an_error_of_our_own_is_its_own_line() -> None:
    assert runner.cause(ValueError("no\nsuch  path: a")) == "no such path: a"
