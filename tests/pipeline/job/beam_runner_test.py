"""The runner: which flags reach Beam, and the one line of an error."""

import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import (
    DirectOptions,
    PipelineOptions,
    SetupOptions,
    StandardOptions,
)
from google.api_core import exceptions

from pipeline.job import beam_runner


def test_the_default_runner_downloads_nothing() -> None:
    options = beam_runner.parse_options([])
    assert options.view_as(StandardOptions).runner == "FnApiRunner"


def test_flags_reach_beam() -> None:
    options = beam_runner.parse_options(
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
        beam_runner.parse_options(argv)
    assert str(caught.value) == told


def dataflow(*argv: str) -> PipelineOptions:
    return beam_runner.parse_options(["--runner=DataflowRunner", *argv])


def test_dataflow_is_given_nothing_of_this_machine() -> None:
    options = dataflow("--setup_file=./setup.py")
    paths = [("images", "gs://a/b"), ("annotations", "train=gs://a/c.jsonl")]
    beam_runner.check_reach(options, paths)
    with pytest.raises(ValueError) as caught:
        beam_runner.check_reach(options, [*paths, ("output", "/data/records")])
    assert str(caught.value) == (
        "--output=/data/records: Dataflow's workers cannot see a path of this "
        "machine; copy it to a bucket, and give its gs:// URL"
    )


def test_dataflow_is_given_this_package() -> None:
    beam_runner.check_reach(dataflow("--sdk_container_image=gcr.io/a/b"), [])
    with pytest.raises(ValueError) as caught:
        beam_runner.check_reach(dataflow(), [])
    assert str(caught.value) == (
        "Dataflow's workers need this package: add --setup_file=./setup.py, or "
        "--sdk_container_image with an image that has it"
    )


def test_a_setup_file_has_a_folder() -> None:
    setup = dataflow("--setup_file=setup.py").view_as(SetupOptions)
    assert setup.setup_file == os.path.abspath("setup.py")
    assert dataflow().view_as(SetupOptions).setup_file is None


def test_other_runners_may_share_this_machines_files() -> None:
    beam_runner.check_reach(
        beam_runner.parse_options([]), [("output", "/data/records")]
    )


def fail(number: int) -> None:
    raise OSError(28, "No space left on device", f"/full/{number}")


def test_the_cause_in_a_workers_traceback_is_the_last_error() -> None:
    wrapped = RuntimeError(
        "Pipeline failed in state FAILED: Traceback (most recent call last):\n"
        '  File "storage.py", line 20, in write_bytes\n'
        "OSError: first\n"
        "During handling of the above exception:\n"
        "pipeline.readers.annotation_files.DataSetError: the data  set has no "
        "images [while running 'Precompute/Finish-ptransform-49']\n"
    )
    assert beam_runner.cause(wrapped) == "the data set has no images"


def _encode(text: str) -> bytes:
    return text.encode()


def _decode(data: bytes) -> str:
    return data.decode()


@pytest.mark.parametrize(
    ("function", "value", "told"),
    [
        (
            _encode,
            "caf\udce9",
            "'utf-8' codec can't encode character '\\udce9'",
        ),
        (_decode, b"caf\xe9", "'utf-8' codec can't decode byte 0xe9"),
    ],
)
def test_no_unicode_error_of_a_stage_is_cut(
    function: Any, value: Any, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="apache_beam")
    encoded = pickle.dumps(value)
    job = beam.Create([encoded]) | beam.Map(pickle.loads) | beam.Map(function)
    with pytest.raises(beam_runner.JobError) as caught:
        beam_runner.run(job, beam_runner.parse_options([]))
    whole = f"{told} in position 3: "
    assert str(caught.value).startswith(whole)


def test_an_error_of_our_own_is_its_own_line() -> None:
    assert (
        beam_runner.cause(ValueError("no\nsuch  path: a")) == "no such path: a"
    )


def test_an_error_of_a_library_says_what_it_is() -> None:
    error = exceptions.NotFound("no such\n bucket")
    assert beam_runner.cause(error) == "NotFound: 404 no such bucket"


def test_a_failed_job_is_told_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, logger="apache_beam")
    job = beam.Create([7]) | beam.Map(fail)
    with pytest.raises(beam_runner.JobError) as caught:
        beam_runner.run(job, beam_runner.parse_options([]))
    assert str(caught.value) == "[Errno 28] No space left on device: '/full/7'"


def interrupt(_: int) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_in_a_worker_of_this_process_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, logger="apache_beam")
    job = beam.Create([7]) | beam.Map(interrupt)
    with pytest.raises(KeyboardInterrupt):
        beam_runner.run(job, beam_runner.parse_options([]))


def test_a_job_service_that_is_not_there_is_told() -> None:
    options = beam_runner.parse_options(
        [
            "--runner=PortableRunner",
            "--job_endpoint=localhost:1",
            "--environment_type=LOOPBACK",
            "--job_server_timeout=1",
        ]
    )
    with pytest.raises(beam_runner.JobError) as caught:
        beam_runner.run(beam.Create([1]), options)
    assert str(caught.value) == "no job service answers at --job_endpoint"


def test_what_workers_print_goes_to_a_file(
    capfd: pytest.CaptureFixture[str],
) -> None:
    options = beam_runner.parse_options(
        ["--direct_running_mode=multi_processing"]
    )
    with beam_runner.keep_terminal(options) as terminal:
        subprocess.run("echo a worker >&2", shell=True, check=True)
        print("the launcher", file=terminal)
    subprocess.run("echo afterwards >&2", shell=True, check=True)
    assert capfd.readouterr().err == "the launcher\nafterwards\n"


def test_the_file_stays_where_the_job_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="pipeline")
    options = beam_runner.parse_options(
        ["--direct_running_mode=multi_processing"]
    )
    with (
        pytest.raises(beam_runner.JobError),
        beam_runner.keep_terminal(options),
    ):
        subprocess.run("echo the traceback >&2", shell=True, check=True)
        raise beam_runner.JobError("a worker ended")
    path = Path(caplog.messages[-1].removeprefix("what workers print goes to "))
    assert path.read_text() == "the traceback\n"
    path.unlink()


def test_workers_in_this_process_leave_the_terminal_alone() -> None:
    with beam_runner.keep_terminal(beam_runner.parse_options([])) as terminal:
        assert terminal is sys.stderr
