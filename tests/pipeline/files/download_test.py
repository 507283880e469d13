"""Downloads: named hosts alone, public addresses, bounded time and bytes."""

import contextlib
import datetime
import http.server
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tenacity
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.files import download

BODY = b"0123456789"


class Site(http.server.BaseHTTPRequestHandler):
    """Paths that behave: /image, /drip, /cut, /round, /to?<location>.

    `/busy?<status>,<failures>` fails so often, then is well, and so on.
    """

    asked: list[str] = []

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.asked.append(self.path)
        if path == "/busy":
            status, failures = map(int, query.split(","))
            if self.asked.count(self.path) % (failures + 1):
                self.send_response(status, "Busy")
                self.end_headers()
                return
            path = "/image"
        if path in ("/to", "/round"):
            self.send_response(302)
            self.send_header("Location", query or path)
            self.end_headers()
        elif path == "/drip":
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b"x")
                    time.sleep(0.05)
        elif path in ("/image", "/a%20b", "/cut"):
            self.send_response(200)
            size = len(BODY) + (5 if path == "/cut" else 0)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(BODY)
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextlib.contextmanager
def serve(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A site on 127.0.0.1; gives its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serve() as number:
        yield number


def fetch(url: str, *hosts: str, **limits: float) -> bytes:
    given = {"max_bytes": 100, "pause": 0.01} | limits
    return download.fetch(url, allow_hosts=hosts, **given)


def refused(url: str, *hosts: str, **limits: float) -> tuple[str, str]:
    with pytest.raises(download.RejectedDownload) as caught:
        fetch(url, *hosts, **limits)
    return caught.value.reason, caught.value.detail


def test_a_named_host_is_read(port: int) -> None:
    site = f"127.0.0.1:{port}"
    assert fetch(f"http://{site}/image", site) == BODY
    assert fetch(f"HTTP://{site}/image?size=big", "a.org", site) == BODY
    assert fetch(f"http://{site}/a b", site) == BODY


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://b.org/1.jpg", "b.org"),
        ("http://a.org.b.org/1.jpg", "a.org.b.org"),
        ("http://a.org@b.org/1.jpg", "b.org"),
        ("http://a.org\\@b.org/1.jpg", "b.org"),
        ("http://a.org:8080/1.jpg", "a.org:8080"),
        ("https://a.org:80/1.jpg", "a.org:80"),
        ("http:///1.jpg", ""),
    ],
)
def test_no_other_place_is_asked(url: str, place: str) -> None:
    assert refused(url, "a.org") == (
        "url-not-allowed",
        f"{place} is not in --allow_hosts",
    )


def test_redirects_stay_among_named_hosts(port: int) -> None:
    site = f"127.0.0.1:{port}"
    to = f"http://{site}/to?"
    assert fetch(f"{to}/image", site) == BODY
    assert fetch(f"{to}http://{site}/image", site) == BODY
    assert refused(f"{to}http://a.org/image", site) == (
        "url-not-allowed",
        "a.org is not in --allow_hosts",
    )
    assert refused(f"{to}file:///etc/passwd", site) == (
        "url-not-allowed",
        "file is neither http nor https",
    )
    assert refused(f"{to}/to?/image", "a.org")[0] == "url-not-allowed"


def test_redirects_end(port: int) -> None:
    site = f"127.0.0.1:{port}"
    assert refused(f"http://{site}/round", site) == (
        "unreadable",
        "more than 5 redirects",
    )


def test_a_name_may_not_stand_for_a_private_address(port: int) -> None:
    site = f"localhost:{port}"
    assert refused(f"http://{site}/image", site) == (
        "private-address",
        "localhost is 127.0.0.1",
    )
    to = f"http://127.0.0.1:{port}/to?http://{site}/image"
    assert refused(to, f"127.0.0.1:{port}", site)[0] == "private-address"


def test_a_body_is_bounded(port: int) -> None:
    site = f"127.0.0.1:{port}"
    assert fetch(f"http://{site}/image", site, max_bytes=10) == BODY
    assert refused(f"http://{site}/image", site, max_bytes=9) == (
        "too-many-bytes",
        "more than 9 bytes",
    )


def test_a_body_that_drips_is_cut(port: int) -> None:
    site = f"127.0.0.1:{port}"
    assert refused(f"http://{site}/drip", site, max_seconds=0.3) == (
        "unanswered",
        "took more than 0.3 s",
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_what_will_fail_again_is_asked_for_once(port: int, status: int) -> None:
    site, before = f"127.0.0.1:{port}", len(Site.asked)
    reason, detail = refused(f"http://{site}/busy?{status},9", site)
    assert (reason, detail[:8]) == ("unreadable", f"HTTP {status}")
    assert len(Site.asked) == before + 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_a_busy_server_is_asked_again(port: int, status: int) -> None:
    site = f"127.0.0.1:{port}"
    for failures in (1, 3):
        url = f"http://{site}/busy?{status},{failures}"
        assert fetch(url, site) == BODY
    reason, detail = refused(f"http://{site}/busy?{status},4", site)
    assert (reason, detail[:8]) == ("unanswered", f"HTTP {status}")


def test_pauses_grow(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", pauses.append)
    site = f"127.0.0.1:{port}"
    refused(f"http://{site}/busy?503,5", site, pause=1.0)
    for least, paused in zip((1, 2, 4), pauses, strict=True):
        assert least <= paused <= least + 1


def test_a_body_that_ends_early_is_told(port: int) -> None:
    site = f"127.0.0.1:{port}"
    assert refused(f"http://{site}/cut", site) == (
        "unanswered",
        "5 bytes are missing",
    )


def test_nobody_answers() -> None:
    with serve() as port:
        pass
    site = f"127.0.0.1:{port}"
    reason, detail = refused(f"http://{site}/image", site)
    assert (reason, "refused" in detail) == ("unanswered", True)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, signed by itself; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")]
    )
    now = datetime.datetime.now(datetime.UTC)
    alternative = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path / "site.pem"
    path.write_bytes(
        key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(pem)
    )
    return path


def test_a_certificate_is_checked(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serve(context) as port:
        site = f"127.0.0.1:{port}"
        reason, detail = refused(f"https://{site}/image", site)
        assert (reason, "CERTIFICATE_VERIFY_FAILED" in detail) == (
            "unreadable",
            True,
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetch(f"https://{site}/image", site) == BODY
