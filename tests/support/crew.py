"""Runs a function in several processes at once, the workers of one cluster.

A hang fails after a deadline; no process is left behind.
"""

import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from tests.support import forks
from trainer.devices import launcher


def run(
    function: Callable[..., Any],
    *arguments: Any,
    workers: int = 2,
    seconds: float = 100,
) -> list[Any]:
    """Calls a module's function in each worker; returns what each returned."""
    ports = [launcher.hold_port() for _ in range(workers)]
    processes, ends = [], []
    try:
        for configuration in launcher.configurations(ports):
            end, other = forks.CONTEXT.Pipe()
            process = forks.start(
                _work, configuration, other, function, arguments
            )
            other.close()
            processes.append(process)
            ends.append(end)
        return [_result(end, seconds) for end in ends]
    finally:
        for process in processes:
            process.kill()
            process.join()
        for port in ports:
            port.close()


def _result(end: Connection, seconds: float) -> Any:
    assert end.poll(seconds), f"a worker hangs: nothing after {seconds:g} s"
    result, failure = end.recv()
    assert not failure, failure
    return result


def _work(
    config: str, end: Connection, function: Callable[..., Any], arguments: Any
) -> None:
    os.environ["TF_CONFIG"] = config
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    try:
        end.send((function(*arguments), ""))
    except BaseException:
        end.send((None, traceback.format_exc()))
    # The other one may still need this one.
    end.poll(None)
