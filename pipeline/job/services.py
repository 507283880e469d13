"""Services that flags name: waited for with a word, and not for long."""

import http.client
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import grpc
from apache_beam.options.pipeline_options import (
    PipelineOptions,
    PortableOptions,
    S3Options,
)

_LOG = logging.getLogger(__name__)
_PATIENCE_SECONDS = 40.0
_TRY_SECONDS = 5.0
_PAUSE_SECONDS = 1.0


class ServiceError(OSError):
    """A service that does not answer at the address that a flag gives."""


def await_bucket(options: PipelineOptions) -> None:
    """Waits until S3 answers, where a flag says at which address.

    Raises:
      ServiceError: nothing answers there, or it is no URL.
    """
    url = options.view_as(S3Options).s3_endpoint_url
    if not url:
        return
    if not url.startswith(("http://", "https://")):
        raise ServiceError(
            f"--s3_endpoint_url={url}: a URL is needed, such as "
            "http://host:9000"
        )
    _await("s3_endpoint_url", url, lambda: _speaks_http(url))


def await_job_service(options: PipelineOptions) -> None:
    """Waits until the job service answers, where a flag says where it is.

    Raises:
      ServiceError: nothing answers there.
    """
    portable = options.view_as(PortableOptions)
    address = portable.job_endpoint
    if address and address != "embed":
        _await("job_endpoint", address, lambda: _speaks_grpc(address))


def _await(flag: str, address: str, answers: Callable[[], bool]) -> None:
    """Tries until there is an answer; the second try is told in the log."""
    began, tries = time.monotonic(), 0
    while not answers():
        waited = time.monotonic() - began
        if waited > _PATIENCE_SECONDS:
            raise ServiceError(
                f"--{flag}={address}: nothing has answered there for "
                f"{waited:.0f} s; start the service, or mend the address"
            )
        tries += 1
        if tries == 1:
            _LOG.info("waiting for an answer at --%s=%s", flag, address)
        time.sleep(_PAUSE_SECONDS)


def _speaks_http(url: str) -> bool:
    """Whether anything answers, even if it refuses."""
    try:
        with urllib.request.urlopen(url, timeout=_TRY_SECONDS):
            return True
    except (urllib.error.HTTPError, http.client.HTTPException):
        return True
    except OSError:
        return False


def _speaks_grpc(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_TRY_SECONDS)
        except grpc.FutureTimeoutError:
            return False
    return True
