"""A worker's sign of life to the launcher that started it, through a pipe."""

import os
import threading
import time

ENVIRONMENT = "EYEWITNESS_HEARTBEAT"
"""Variable with the file descriptor to write to; unset without a launcher."""

ALIVE, READY = b".", b"!"
_SECONDS = 1.0


def start() -> None:
    """Starts a thread that writes `ALIVE` every second.

    It ends this process when the launcher is gone, because nothing else would.
    """
    if ENVIRONMENT in os.environ:
        threading.Thread(target=_beat, daemon=True).start()


def ready() -> None:
    """Reports that all workers have found each other."""
    if ENVIRONMENT in os.environ:
        _write(READY)


def _beat() -> None:
    while True:
        _write(ALIVE)
        time.sleep(_SECONDS)


def _write(sign: bytes) -> None:
    try:
        os.write(int(os.environ[ENVIRONMENT]), sign)
    except BrokenPipeError:
        os._exit(1)
