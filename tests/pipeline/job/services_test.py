"""A service that does not answer is waited for, but not for long."""

import concurrent.futures
import http.server
import logging
import socket
import threading
from collections.abc import Iterator

import grpc
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.job import services


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("PATIENCE", 1.0), ("TRY", 0.5), ("PAUSE", 0.1)):
        monkeypatch.setattr(services, f"_{name}_SECONDS", seconds)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections, and says nothing."""
    with socket.create_server(("localhost", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def unused(silent: int) -> int:
    with socket.create_server(("localhost", 0)) as server:
        return int(server.getsockname()[1])


class Refusing(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        pass


def await_s3(url: str) -> None:
    services.await_bucket(PipelineOptions([f"--s3_endpoint_url={url}"]))


def await_job(address: str) -> None:
    services.await_job_service(PipelineOptions([f"--job_endpoint={address}"]))


@pytest.mark.parametrize("port", ["silent", "unused"])
def test_a_dead_address_is_told_and_ends(
    port: str,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    address = f"localhost:{request.getfixturevalue(port)}"
    for wait, given, flag in (
        (await_s3, f"http://{address}", "s3_endpoint_url"),
        (await_job, address, "job_endpoint"),
    ):
        caplog.clear()
        with pytest.raises(services.ServiceError) as caught:
            wait(given)
        assert str(caught.value).startswith(
            f"--{flag}={given}: nothing has answered there for "
        )
        assert caplog.messages == [f"waiting for an answer at --{flag}={given}"]


def test_a_service_that_answers_is_not_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with http.server.HTTPServer(("localhost", 0), Refusing) as bucket:
        threading.Thread(target=bucket.serve_forever, daemon=True).start()
        await_s3(f"http://localhost:{bucket.server_port}")
        bucket.shutdown()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        server = grpc.server(pool)
        port = server.add_insecure_port("localhost:0")
        server.start()
        await_job(f"localhost:{port}")
        server.stop(None)
    assert caplog.messages == []


def test_a_service_may_start_late(unused: int) -> None:
    def start() -> None:
        server.server_bind()
        server.server_activate()
        server.handle_request()

    address = ("localhost", unused)
    server = http.server.HTTPServer(address, Refusing, bind_and_activate=False)
    timer = threading.Timer(0.4, start)
    timer.start()
    await_s3(f"http://localhost:{unused}")
    timer.join()
    server.server_close()


def test_what_is_no_url_is_told() -> None:
    with pytest.raises(services.ServiceError) as caught:
        await_s3("localhost:9000/")
    assert str(caught.value) == (
        "--s3_endpoint_url=localhost:9000/: a URL is needed, such as "
        "http://host:9000"
    )


@pytest.mark.parametrize("flags", [[], ["--job_endpoint=embed"]])
def test_no_address_is_no_wait(flags: list[str]) -> None:
    services.await_bucket(PipelineOptions(flags))
    services.await_job_service(PipelineOptions(flags))
