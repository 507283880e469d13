"""`metrics.jsonl`: its rows, and the best of them."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

METRICS_FILE = "metrics.jsonl"


def read_metrics(run_dir: str) -> list[dict[str, Any]]:
    """The rows of `metrics.jsonl`, oldest first; none before training.

    A last row that was cut while it was written is left out.
    """
    path = os.path.join(run_dir, METRICS_FILE)
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path, "r") as file:
        *lines, _ = file.read().split("\n")
        return [json.loads(line) for line in lines]


def best_row(
    rows: Sequence[Mapping[str, float]],
    select_by: str,
    *,
    higher_is_better: bool,
) -> Mapping[str, float] | None:
    """The first row with the best finite `validation/<select_by>`, if any."""
    key = f"validation/{select_by}"
    finite = [row for row in rows if math.isfinite(row.get(key, math.nan))]
    pick = max if higher_is_better else min
    return pick(finite, key=lambda row: row[key], default=None)
