"""A worker's sign of life to the launcher that started it, through a pipe."""

import os
import threading
import time

ENVIRONMENT = "EYEWITNESS_HEARTBEAT"
"""Holds the number of the pipe's writing end; unset without a launcher."""

ALIVE, READY = b".", b"!"
_SECONDS = 1.0


def start() -> None:
    """Writes `ALIVE` every second from now on, in a thread.

    When the launcher is gone the process ends: nobody else would stop it.
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
