"""An image from a host that the user named, in bounded time and bytes."""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Collection, Iterator

import tenacity

from pipeline.images.decode import RejectedImage

_PORTS = {"http": 80, "https": 443}
_MAX_REDIRECTS = 5
_TRIES, _LONGEST_PAUSE = 4, 30.0
_BUSY = (http.HTTPStatus.REQUEST_TIMEOUT, http.HTTPStatus.TOO_MANY_REQUESTS)

# The reason of an image that may be there the next time.
UNANSWERED = "unanswered"


class RejectedDownload(RejectedImage):
    """A URL that is not, or could not be, read.

    Its reasons: `url-not-allowed`, `private-address`, `too-many-bytes`,
    `unreadable`, and `unanswered` where another time may go well.
    """


class _Busy(OSError):
    """A server's answer that another time may be better."""


def fetch(
    url: str,
    *,
    allow_hosts: Collection[str],
    max_bytes: int,
    max_seconds: float = 30.0,
    pause: float = 1.0,
) -> bytes:
    """Reads a URL, following redirects to named hosts alone.

    A server that is busy (408, 429, 5xx), hangs up or takes too long is asked
    again, four times in all.

    The address is checked on the connection itself, before anything is sent: a
    name that resolves to another address the second time gains nothing.
    Proxies that the environment sets are not used.

    Args:
      url: of http or https.
      allow_hosts: `host`, for the scheme's own port, or `host:port`. An
        address that is named as such may be private; a name may not stand for
        a private one.
      max_bytes: of the body.
      max_seconds: of each hop, from its connection to its last byte.
      pause: seconds before it is asked a second time; each further pause is
        twice as long.

    Raises:
      RejectedDownload: with one of its reasons.
    """
    named = {host.lower() for host in allow_hosts}
    asking = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_temporary),
        stop=tenacity.stop_after_attempt(_TRIES),
        # What many workers ask for at once is not asked for again at once.
        wait=tenacity.wait_exponential_jitter(pause, _LONGEST_PAUSE, 2, pause),
        reraise=True,
    )
    return asking(_fetch, url, named, max_bytes, max_seconds)


def _is_temporary(error: BaseException) -> bool:
    return isinstance(error, RejectedDownload) and error.reason == UNANSWERED


def _fetch(
    url: str, named: Collection[str], max_bytes: int, max_seconds: float
) -> bytes:
    """Asks once, and follows redirects."""
    for _ in range(_MAX_REDIRECTS + 1):
        parts = urllib.parse.urlsplit(url)
        host, port = _check_host(parts, named)
        end = time.monotonic() + max_seconds
        try:
            with _connect(parts, host, port, max_seconds) as answer:
                location = answer.getheader("Location")
                data = b"" if location else _body(answer, max_bytes)
            if time.monotonic() >= end:
                raise TimeoutError(f"took more than {max_seconds} s")
        except (_Busy, TimeoutError, ConnectionError) as error:
            raise RejectedDownload(UNANSWERED, str(error)[:200]) from error
        except (OSError, UnicodeError, http.client.HTTPException) as error:
            late = time.monotonic() >= end  # Its connection was cut.
            reason = UNANSWERED if late else "unreadable"
            raise RejectedDownload(reason, str(error)[:200]) from error
        if not location:
            return data
        url = urllib.parse.urljoin(url, location)
    detail = f"more than {_MAX_REDIRECTS} redirects"
    raise RejectedDownload("unreadable", detail)


def _check_host(
    parts: urllib.parse.SplitResult, named: Collection[str]
) -> tuple[str, int]:
    """Returns host and port of a URL, if its host is named."""
    usual = _PORTS.get(parts.scheme)
    if usual is None:
        detail = f"{parts.scheme} is neither http nor https"
        raise RejectedDownload("url-not-allowed", detail)
    host, port = parts.hostname or "", parts.port or usual
    place = host if port == usual else f"{host}:{port}"
    if place not in named:
        detail = f"{place} is not in --allow_hosts"
        raise RejectedDownload("url-not-allowed", detail)
    return host, port


@contextlib.contextmanager
def _connect(
    url: urllib.parse.SplitResult, host: str, port: int, max_seconds: float
) -> Iterator[http.client.HTTPResponse]:
    """Sends GET and yields the response; cuts the connection in time."""
    with contextlib.ExitStack() as stack:
        wire = stack.enter_context(
            socket.create_connection((host, port), timeout=max_seconds)
        )
        _check_address(host, wire.getpeername()[0])
        kind: type[http.client.HTTPConnection] = http.client.HTTPConnection
        if url.scheme == "https":
            kind = http.client.HTTPSConnection
            wire = stack.enter_context(
                ssl.create_default_context().wrap_socket(
                    wire, server_hostname=host, do_handshake_on_connect=False
                )
            )
        # A socket's own timeout starts again with each byte that drips in.
        timer = threading.Timer(max_seconds, _cut, [wire])
        stack.callback(timer.cancel)
        timer.start()
        if isinstance(wire, ssl.SSLSocket):
            wire.do_handshake()
        connection = kind(host, port)
        connection.sock = wire
        path = urllib.parse.quote(url.path or "/", safe="/%:@!$&'()*+,;=~")
        query = urllib.parse.quote(url.query, safe="/%:@!$&'()*+,;=~?")
        connection.request(
            "GET",
            f"{path}?{query}" if query else path,
            headers={"User-Agent": "eyewitness"},
        )
        yield connection.getresponse()


def _cut(wire: socket.socket) -> None:
    # After SSLSocket's own shutdown, the reader would go on in plain text.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(wire, socket.SHUT_RDWR)


def _check_address(host: str, address: str) -> None:
    if host != address and not ipaddress.ip_address(address).is_global:
        raise RejectedDownload("private-address", f"{host} is {address}")


def _body(answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
    if answer.status != http.HTTPStatus.OK:
        busy = answer.status in _BUSY or answer.status >= 500
        kind = _Busy if busy else OSError
        raise kind(f"HTTP {answer.status} {answer.reason}")
    data = answer.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise RejectedDownload("too-many-bytes", f"more than {max_bytes} bytes")
    if answer.length:
        raise _Busy(f"{answer.length} bytes are missing")
    return data
