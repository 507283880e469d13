"""Whether the file systems of paths are installed, and answer."""

import importlib.util
import logging
import threading
from collections.abc import Iterable

from apache_beam.io.filesystems import FileSystems

_LOG = logging.getLogger(__name__)

# Scheme -> the module that Beam needs for it, and the part of ours with it.
_PARTS = {"gs": ("google.cloud.storage", "gcp"), "s3": ("boto3", "aws")}
_SILENT_SECONDS, _MOST_SECONDS = 5.0, 45.0


class UnreachableError(OSError):
    """A file system that is not installed, or does not answer."""


def check(paths: Iterable[tuple[str, str]]) -> None:
    """Asks the file system of each bucket once.

    Args:
      paths: flag and path.

    Raises:
      UnreachableError: a path's file system is not there.
    """
    asked = set()
    for flag, path in paths:
        scheme = FileSystems.get_scheme(path)
        bucket = path.split("/")[:3]
        if scheme is None or tuple(bucket) in asked:
            continue
        asked.add(tuple(bucket))
        fault = _not_installed(scheme) or _silence(path)
        if fault:
            raise UnreachableError(f"--{flag}={path}: {fault}")


def _not_installed(scheme: str) -> str:
    module, part = _PARTS.get(scheme, ("", ""))
    if module and not _is_there(module):
        return (
            f"{scheme}:// needs a part more: pip install 'eyewitness[{part}]'"
        )
    try:
        FileSystems.get_filesystem(f"{scheme}://")
    except ValueError:
        return f"{scheme}:// is not read: give a path, gs:// or s3://"
    return ""


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # Not even the package above it.
        return False


def _silence(path: str) -> str:
    """Waits for any answer, an error among them, which comes again later."""
    answered = threading.Event()
    # The clients of buckets go on for minutes, and cannot be interrupted.
    threading.Thread(target=_ask, args=(path, answered), daemon=True).start()
    if answered.wait(_SILENT_SECONDS):
        return ""
    _LOG.info("waiting for an answer about %s", path)
    if answered.wait(_MOST_SECONDS - _SILENT_SECONDS):
        return ""
    return (
        f"no answer in {_MOST_SECONDS:.0f} seconds: look at the network, the "
        "account, and --s3_endpoint_url if it is given"
    )


def _ask(path: str, answered: threading.Event) -> None:
    try:
        FileSystems.exists(path)
    except Exception as error:  # noqa: BLE001 - each client has its own
        _LOG.debug("%s: %s", path, error)
    answered.set()
