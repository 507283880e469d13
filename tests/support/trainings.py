"""The trainer as a user runs it, in processes that can be killed."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np

from tests.support import forks
from trainer.loop import metrics_log
from trainer.run import metrics_file

# Epochs of 4 steps, every other checkpoint within one; float16 that overflows
# at first and as its scale grows.
SIZES = {
    "NUM_STEPS": 30,
    "MAX_LENGTH": 8,
    "Devices.precision": "'mixed_float16'",
    "DynamicScale.initial": 2.0**22,
    "DynamicScale.growth_steps": 5,
    "ShowAttendTell.dropout_rate": 0.3,
    "ShowAttendTell.word_dropout": 0.2,
    "AdamW.average_decay": 0.9,
    "Cadence.steps_per_call": 2,
    "Cadence.checkpoint_every": 6,
    "Cadence.evaluate_every": 10,
    "Cadence.patience": 100,
}


class Training:
    """One run directory, and the processes that train in it, one by one."""

    def __init__(
        self,
        records: Path,
        run_dir: Path,
        *,
        mode: str = "train",
        replicas: int = 1,
        workers: int = 1,
        **sizes: Any,
    ):
        """Nothing is started. `sizes` are gin bindings, `.` written `__`."""
        self.run_dir, self._replicas = run_dir, replicas
        self._process: ForkServerProcess | None = None
        names = tuple(f"CPU:{number}" for number in range(replicas))
        bindings = SIZES | {
            "RECORDS": f"'{records}'",
            "Devices.names": names,
            **{name.replace("__", "."): v for name, v in sizes.items()},
        }
        self._arguments = [
            f"--mode={mode}",
            f"--num_workers={workers}",
            "--gin_file=gin/run_flickr8k.gin",
            "--gin_file=gin/tiny.gin",
            *(f"--gin_param={name} = {v}" for name, v in bindings.items()),
            f"--run_dir={run_dir}",
        ]

    @property
    def said(self) -> str:
        """What all of its processes printed."""
        return Path(f"{self.run_dir}.log").read_text()

    @property
    def steps(self) -> int:
        """Updates that `metrics.jsonl` tells of."""
        rows = metrics_file.read_metrics(str(self.run_dir))
        return rows[-1]["step"] if rows else 0

    def start(self) -> None:
        """Starts a process."""
        log = f"{self.run_dir}.log"
        self._process = forks.start(
            _train, self._arguments, log, self._replicas
        )

    def wait(self, until: Callable[[], bool], seconds: float = 300) -> bool:
        """Waits for a condition; false when the process ends before."""
        assert self._process is not None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if until():
                return True
            if self._process.exitcode is not None:
                return False
        raise TimeoutError(self.said)

    def kill(self, worker: int | None = None) -> None:
        """SIGKILL, to what was started or to one of its workers."""
        assert self._process is not None
        assert self._process.pid is not None
        every = workers_of(self._process.pid)
        if worker is None:
            self._process.kill()
        else:
            os.kill(every[worker], signal.SIGKILL)
        self._process.join()
        # Workers see a second later that their launcher is gone.
        while any(map(_runs, every.values())):
            time.sleep(0.01)

    def terminate(self, worker: int | None = None) -> None:
        """SIGTERM, to what was started or to one of its workers; see `join`."""
        assert self._process is not None
        assert self._process.pid is not None
        if worker is None:
            self._process.terminate()
        else:
            own = workers_of(self._process.pid)[worker]
            os.kill(own, signal.SIGTERM)

    def join(self) -> int:
        """Waits for the end; the exit code."""
        assert self._process is not None
        self._process.join()
        code = self._process.exitcode
        assert code is not None
        return code

    def run(self) -> int:
        """Starts a process and waits for its end; the exit code."""
        self.start()
        return self.join()

    def is_writing(self) -> bool:
        """Whether a checkpoint is half written."""
        folder = self.run_dir / "checkpoints"
        return folder.exists() and any(
            "_temp" in name for name in os.listdir(folder)
        )


def _train(arguments: list[str], log: str, replicas: int) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = ["trainer.main", *arguments]
    # The launcher starts its workers as this process was started.
    sys.orig_argv = [sys.executable, "-m", "trainer.main", *arguments]
    import tensorflow as tf

    from trainer import main

    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * replicas
    tf.config.set_logical_device_configuration(cpu, devices)
    main.run()


def workers_of(launcher: int) -> dict[int, int]:
    """Number -> process id of a launcher's workers; needs /proc."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = _status(folder)[1]
            told = (folder / "environ").read_text()
        except OSError:
            continue
        number = re.search(r'"index": (\d+)', told)
        if int(parent) == launcher and number:
            found[int(number[1])] = int(folder.name)
    return found


def _runs(process: int) -> bool:
    try:
        return _status(Path(f"/proc/{process}"))[0] != "Z"
    except OSError:
        return False


def _status(folder: Path) -> list[str]:
    """State, parent and more; what stands before may hold spaces."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def newest(run_dir: Path, folder: str = "checkpoints") -> int:
    """Step of the newest checkpoint in a folder of a run."""
    return max(
        int(re.findall(r"\d+", path.name)[0])
        for path in (run_dir / folder).glob("*.index")
    )


def values(run_dir: Path) -> dict[str, np.ndarray]:
    """Every value of the newest and the best checkpoint.

    Only TensorFlow's count of files written is left out.
    """
    import tensorflow as tf

    found = {}
    for folder in ("checkpoints", "best"):
        # TensorFlow's own list can miss the last before a kill.
        name = f"{folder}/ckpt-{newest(run_dir, folder)}"
        reader = tf.train.load_checkpoint(run_dir / name)
        for name in reader.get_variable_to_shape_map():
            if "save_counter" not in name and "OBJECT_GRAPH" not in name:
                value = np.asarray(reader.get_tensor(name))
                found[f"{folder}/{name}"] = value
    return found


def state(run_dir: Path) -> dict[str, bytes]:
    """The bytes of `values`."""
    return {name: value.tobytes() for name, value in values(run_dir).items()}


def metrics(run_dir: Path) -> list[str]:
    """The rows of `metrics.jsonl`, without what is read off a clock."""
    lines = (run_dir / "metrics.jsonl").read_text().splitlines()
    return [
        json.dumps(
            {k: v for k, v in row.items() if k not in metrics_log.CLOCKED}
        )
        for row in map(json.loads, lines)
    ]
