"""Runs a function in several processes at once, the workers of one cluster.

A hang fails after a deadline; no process is left behind.
"""

import json
import os
import socket
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from tests.support import forks


def run(
    function: Callable[..., Any],
    *arguments: Any,
    workers: int = 2,
    seconds: float = 100,
) -> list[Any]:
    """Calls a module's function in each worker; returns what each returned."""
    ports = [socket.socket() for _ in range(workers)]
    for port in ports:
        port.bind(("localhost", 0))
    addresses = [f"localhost:{port.getsockname()[1]}" for port in ports]
    for port in ports:
        port.close()
    processes, ends = [], []
    try:
        for number in range(workers):
            task = {"type": "worker", "index": number}
            config = {"cluster": {"worker": addresses}, "task": task}
            end, other = forks.CONTEXT.Pipe()
            process = forks.start(
                _work, json.dumps(config), other, function, arguments
            )
            other.close()
            processes.append(process)
            ends.append(end)
        return [_result(end, seconds) for end in ends]
    finally:
        for process in processes:
            process.kill()
            process.join()


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
