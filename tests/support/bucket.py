"""Buckets on this machine that tests open as `gs://` and `s3://`."""

import contextlib
import json
import logging
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from gcp_storage_emulator import server
from moto import server as moto_server

from trainer.devices import launcher

NAME = "bucket"
SECRETS = {
    "token": "the-token-of-this-account",
    "refresh_token": "the-token-that-renews-it",
    "client_secret": "the-secret-of-its-client",
}
_ACCOUNT = SECRETS | {
    "type": "authorized_user",
    "client_id": "a-client",
    "expiry": "2100-01-01T00:00:00Z",
}


@contextlib.contextmanager
def serve(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves an empty bucket, to this process and those that it starts.

    Without an account Beam would look for one for 20 seconds.

    Args:
      folder: for the account's file.
      monkeypatch: sets the variables that Google's libraries read.

    Yields:
      The bucket's URL.
    """
    account = folder / "account.json"
    account.write_text(json.dumps(_ACCOUNT))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    # It warns of each of its own answers.
    logging.getLogger(server.__name__).setLevel(logging.ERROR)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "some-project")
    with launcher.hold_port() as held:
        port = held.getsockname()[1]
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://localhost:{port}")
        with server.create_server(
            "localhost", port, in_memory=True, default_bucket=NAME
        ):
            yield f"gs://{NAME}"


@contextlib.contextmanager
def serve_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves an empty `s3://bucket`; yields the endpoint's URL.

    moto keeps what tests before stored for as long as the process lives.
    """
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "DEFAULT_REGION"):
        monkeypatch.setenv(f"AWS_{name}", "us-east-1")
    # It tells each of its answers.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    service = moto_server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    service.start()
    host, port = service.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    urllib.request.urlopen(f"{endpoint}/moto-api/reset", data=b"").close()
    FileSystems.set_options(PipelineOptions([f"--s3_endpoint_url={endpoint}"]))
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=NAME)
    yield endpoint
    service.stop()
    FileSystems.set_options(PipelineOptions([]))


def upload(path: Path, url: str) -> str:
    """Copies a file, or a folder's files, to a URL; returns the URL."""
    if path.is_dir():
        for file in path.iterdir():
            upload(file, f"{url}/{file.name}")
    else:
        with FileSystems.create(url) as stored:
            stored.write(path.read_bytes())
    return url
