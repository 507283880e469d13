"""Signals to end: heard at once, told in one line, and a shell's exit code."""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator

_LOG = logging.getLogger(__name__)
SIGNALLED = 128
_PATIENCE_SECONDS, _ENDING_SECONDS = 1.0, 5.0


@contextlib.contextmanager
def listen(say: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Hears SIGINT and SIGTERM while a block runs; a second ends the process.

    Python's own handlers run only when a library comes back, which takes a
    minute where it compiles. So this says what was heard before they do. It
    hears those of the two that have a handler.

    Args:
      say: called with the first signal, in another thread.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=_hear, args=(reading, say), daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writing.close()
        thread.join()
        reading.close()


def _hear(
    reading: socket.socket, say: Callable[[signal.Signals], None]
) -> None:
    heard = False
    while numbers := reading.recv(1):
        if numbers[0] not in (signal.SIGINT, signal.SIGTERM):
            continue
        if heard:
            os._exit(SIGNALLED + numbers[0])
        heard = True
        say(signal.Signals(numbers[0]))


@contextlib.contextmanager
def told(program: str) -> Iterator[None]:
    """Ends the process with one line and exit code 130 after Ctrl-C.

    Args:
      program: what the line begins with.
    """
    ended = threading.Event()

    def say(number: signal.Signals) -> None:
        if not ended.wait(_PATIENCE_SECONDS):
            _LOG.warning(
                "%s: what is under way has to come back first; a second signal "
                "ends it at once",
                number.name,
            )

    with listen(say):
        try:
            yield
        except KeyboardInterrupt:
            print(f"{program}: stopped by SIGINT", file=sys.stderr)
            code = SIGNALLED + signal.SIGINT
            # A library's threads may wait for ever for what was interrupted.
            end = threading.Timer(_ENDING_SECONDS, os._exit, [code])
            end.daemon = True
            end.start()
            sys.exit(code)
        finally:
            ended.set()
