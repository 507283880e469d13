"""Starts several workers on this host; stops all if one is lost.

The others would wait for ever, in their next reduction, for the lost worker. So
all are stopped, and the same command goes on from the newest checkpoint.
"""

import dataclasses
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from pipeline import interruption
from trainer.devices import heartbeat

_LOG = logging.getLogger(__name__)
_POLL_SECONDS, _MOST_SECONDS = 0.2, 1.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_OWN_LINE = "trainer: "
_GOES_ON = (
    "all are stopped, and the same command goes on from the newest checkpoint"
)


class LostWorkerError(RuntimeError):
    """A worker that died, stalled or never started; says which."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """How long the launcher waits, in seconds.

    Attributes:
      start: for all workers to find each other.
      silence: for a worker's next sign of life.
      stop: for all workers to save and end after a signal.
    """

    start: float = 300.0
    silence: float = 30.0
    stop: float = 120.0


def launch(
    command: Sequence[str], num_workers: int, limits: Limits | None = None
) -> int:
    """Runs a command as the workers of a cluster on this host.

    The first worker's output is passed on; that of the others is dropped. The
    first SIGTERM or Ctrl-C is passed on to all; a second ends all at once.

    Args:
      command: program and arguments; each process learns from `TF_CONFIG` which
        worker it is.
      num_workers: number of processes.
      limits: how long to wait; None for the defaults.

    Returns:
      The exit code: 0, or the workers' own after a signal.

    Raises:
      LostWorkerError: a worker died, failed, stalled or never started.
    """
    limits = limits or Limits()
    ports = [hold_port() for _ in range(num_workers)]
    workers = [
        _Worker(command, number, configuration)
        for number, configuration in enumerate(configurations(ports))
    ]
    stop: list[int] = []

    def note(number: int, _: object) -> None:
        stop.append(number)
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        with interruption.listen(_tell):
            return _watch(workers, limits, stop)
    finally:
        for worker in workers:
            worker.end()
        for port in ports:
            port.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(number: signal.Signals) -> None:
    _LOG.warning(
        "%s: the workers end, and save what they have; a second signal ends "
        "them at once, unsaved",
        number.name,
    )


def _watch(workers: list["_Worker"], limits: Limits, stop: list[int]) -> int:
    now, begun, told, awake = 0.0, 0.0, False, time.monotonic()
    running = True
    while running:
        # Poll before looking for faults: if all workers fail in between, the
        # loop still reports why.
        running = any(worker.process.poll() is None for worker in workers)
        # If this process was paused, it heard no worker: count little of that.
        awake, before = time.monotonic(), awake
        now += min(awake - before, _MOST_SECONDS)
        if stop and not told:
            told, begun = True, now
            for worker in workers:
                worker.process.send_signal(stop[0])
        if not told and any(worker.ended_in_order for worker in workers):
            told, begun = True, now
        if told and now - begun > limits.stop:
            raise LostWorkerError(
                f"the workers had not ended {limits.stop:g} s after the signal"
            )
        faults = [worker.fault(now, begun, limits) for worker in workers]
        if any(faults) and not told:
            # Others fail because one was lost, which the same command mends.
            lost = [fault for fault in faults if _GOES_ON in fault]
            raise LostWorkerError(next(filter(None, [*lost, *faults])))
        time.sleep(_POLL_SECONDS if running else 0)
    codes = [worker.process.returncode for worker in workers]
    if told:
        workers[0].say_last()
    signalled = interruption.SIGNALLED
    return max(code if code >= 0 else signalled - code for code in codes)


def hold_port() -> socket.socket:
    """Binds a free port of this host; a worker can listen there meanwhile.

    Until it is closed, no other program is given the port. A worker takes
    seconds to start, in which a port that nobody holds can be lost.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("", 0))
    return held


def configurations(ports: Sequence[socket.socket]) -> list[str]:
    """Returns each worker's `TF_CONFIG`, one worker for each held port."""
    addresses = [f"localhost:{port.getsockname()[1]}" for port in ports]
    return [
        json.dumps(
            {
                "cluster": {"worker": addresses},
                "task": {"type": "worker", "index": number},
            }
        )
        for number in range(len(ports))
    ]


class _Worker:
    """A worker's process, its signs of life and the last line it wrote."""

    def __init__(self, command: Sequence[str], number: int, configuration: str):
        self._signs, writing = os.pipe()
        self._speaks = number == 0
        # With its own session, Ctrl-C reaches the launcher only.
        self.process = subprocess.Popen(
            command,
            env={
                **os.environ,
                "TF_CONFIG": configuration,
                heartbeat.ENVIRONMENT: str(writing),
            },
            pass_fds=[writing],
            stdout=None if self._speaks else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        os.close(writing)
        self._name = f"worker {number} (process {self.process.pid})"
        self._sign, self._heard = threading.Event(), -1.0
        self._ready, self._words = False, ""
        self._threads = [
            threading.Thread(target=listen, daemon=True)
            for listen in (self._hear, self._read)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def ended_in_order(self) -> bool:
        """Whether it was stopped by a signal, and saved before it ended."""
        return (self.process.poll() or 0) > interruption.SIGNALLED

    def fault(self, now: float, begun: float, limits: Limits) -> str:
        """Returns why all workers have to stop, or an empty string."""
        code = self.process.poll()
        if self._sign.is_set():
            self._sign.clear()
            self._heard = now
        if code is None:
            if 0 <= self._heard < now - limits.silence:
                silent = f"no sign of life for {limits.silence:g} s"
                return f"{self._name} gave {silent}; {_GOES_ON}"
            if not self._ready and now - begun > limits.start:
                late = f"had not started after {limits.start:g} s"
                return f"{self._name} {late}; {_GOES_ON}"
            return ""
        if code < 0:
            killer = signal.Signals(-code).name
            return f"{self._name} was killed by {killer}; {_GOES_ON}"
        if code:
            self._threads[1].join(timeout=1)
            said = self._words.removeprefix(_OWN_LINE)
            return f"{self._name} ended with exit code {code}: {said}"
        return ""

    def say_last(self) -> None:
        """Passes on the line that it ended with, if that is its own."""
        self._threads[1].join(timeout=1)
        if self._words.startswith(_OWN_LINE):
            print(self._words, file=sys.stderr)

    def end(self) -> None:
        """Kills the process if it still runs, and closes its pipe."""
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(timeout=1)
        os.close(self._signs)

    def _hear(self) -> None:
        while signs := os.read(self._signs, 1 << 12):
            self._sign.set()
            self._ready |= heartbeat.READY in signs

    def _read(self) -> None:
        """Passes on the lines it writes, except the error that it ends with."""
        assert self.process.stderr
        with self.process.stderr as lines:
            for line in lines:
                # Gin adds a line about its own call to every error.
                if not line.startswith("  In call to configurable"):
                    self._words = line.strip() or self._words
                if self._speaks and not line.startswith(_OWN_LINE):
                    sys.stderr.write(line)
                    sys.stderr.flush()
