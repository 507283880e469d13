"""A bucket of this machine for `gs://`, with an account that may open it."""

import contextlib
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.io.filesystems import FileSystems
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from gcp_storage_emulator import server as emulator

NAME = "bucket"
TOKEN = "the-token-of-the-account"


class _Tokens(http.server.BaseHTTPRequestHandler):
    """Gives the same access token to whoever asks."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 3600,
        }
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves an empty bucket, to this process and those that it starts.

    Without an account Beam would look for one for 20 seconds.

    Args:
      folder: for the account's key file, `key.json`.
      monkeypatch: sets the variables that Google's libraries read.

    Yields:
      The bucket's URL.
    """
    tokens = http.server.ThreadingHTTPServer(("localhost", 0), _Tokens)
    threading.Thread(target=tokens.serve_forever, daemon=True).start()
    key = _write_key(
        folder / "key.json", f"http://localhost:{tokens.server_port}"
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://localhost:{port}")
    with emulator.create_server(
        "localhost", port, in_memory=True, default_bucket=NAME
    ):
        yield f"gs://{NAME}"
    tokens.shutdown()
    tokens.server_close()


def upload(path: Path, url: str) -> str:
    """Copies a file, or a folder's files, to a URL; returns the URL."""
    if path.is_dir():
        for file in path.iterdir():
            upload(file, f"{url}/{file.name}")
    else:
        with FileSystems.create(url) as stored:
            stored.write(path.read_bytes())
    return url


def _write_key(path: Path, token_uri: str) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "project_id": "some-project",
        "private_key": private.decode(),
        "client_email": "someone@some-project.iam.gserviceaccount.com",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(account))
    return path
