"""The command lines that make the golden files, and the files they leave.

All paths are relative, so that no file tells where it was made.
"""

import json
import pathlib
import platform
from typing import Any

import numpy as np
import tensorflow as tf

from tests.support import forks
from trainer.loop import metrics_log

FOLDER = pathlib.Path(__file__).parent
PRECOMPUTE = (
    "pipeline.main",
    "--annotations=corpus/captions.jsonl",
    "--images=corpus/images",
    "--encoder=patches.keras",
    "--num_shards=2",
    "--batch_size=4",
    "--thumbnail_side=16",
    "--output=records",
)
VERIFY = ("pipeline.main", "--mode=verify", "--output=records")
TRAIN = (
    "trainer.main",
    "--mode=train",
    f"--gin_file={FOLDER / 'run.gin'}",
    "--run_dir=run",
)
# The run's own configuration: a default that changes is no other run.
RESUME = (
    "trainer.main",
    "--mode=train",
    "--gin_file=run/config.gin",
    "--gin_param=NUM_STEPS = 220",
    "--run_dir=run",
)
EVALUATE = ("trainer.main", "--mode=evaluate", "--run_dir=run")
CAPTION = (
    "trainer.main",
    "--mode=caption",
    "--run_dir=run",
    "--output=captions.jsonl",
    "corpus/images",
)
# What TensorFlow's kernels are picked by.
_FLAGS = ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16")
_FLAGS += ("avx512_fp16", "avx_vnni", "amx_tile", "asimd", "sve")


def run(command: tuple[str, ...], folder: pathlib.Path) -> str:
    """Runs a command in a folder, on the CPU; returns what it printed."""
    # A GPU adds up in another order.
    done = forks.run_module(*command, folder=folder, CUDA_VISIBLE_DEVICES="-1")
    assert done.code == 0, done.errors
    return done.output


def processor() -> dict[str, Any]:
    """The kind of processor and TensorFlow: among equal ones, bits are too."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    found: set[str] = set()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            found.update(value.split())
    return {
        "machine": platform.machine(),
        "flags": sorted(found & set(_FLAGS)),
        "tensorflow": tf.__version__,
    }


def rows(path: pathlib.Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file, without what is read off a clock."""
    return [
        {
            k: v
            for k, v in json.loads(line).items()
            if k not in metrics_log.CLOCKED
        }
        for line in path.read_text().splitlines()
    ]


def newest(folder: pathlib.Path) -> str:
    """Name of the newest checkpoint in `checkpoints` or `best`."""
    path = tf.train.latest_checkpoint(str(folder))
    assert path, f"no checkpoint in {folder}"
    return pathlib.Path(path).name


def values(run_dir: pathlib.Path) -> dict[str, np.ndarray]:
    """Every value of the newest checkpoint: weights, optimizer, step, best."""
    folder = run_dir / "checkpoints"
    reader = tf.train.load_checkpoint(str(folder / newest(folder)))
    # TensorFlow counts the files that one process wrote, and pickles the
    # graph of its own objects.
    left_out = ("save_counter", "OBJECT_GRAPH")
    return {
        name: np.asarray(reader.get_tensor(name))
        for name in reader.get_variable_to_shape_map()
        if not any(part in name for part in left_out)
    }


def grids(shard: pathlib.Path) -> np.ndarray:
    """The grids of a shard, one after the other."""
    stored = []
    for data in tf.data.TFRecordDataset(str(shard)).as_numpy_iterator():
        feature = tf.train.Example.FromString(data).features.feature
        stored.append(feature["grid"].bytes_list.value[0])
    return np.frombuffer(b"".join(stored), np.float16)
