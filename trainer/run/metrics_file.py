"""`metrics.jsonl`: its rows, and the best of them."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from trainer.run import directory

METRICS_FILE = "metrics.jsonl"
COLLAPSED = "validation/collapsed"
"""1 where captions owed nothing to their images, or 0; NaN if it is unknown."""


def read_metrics(run_dir: str) -> list[dict[str, Any]]:
    """The rows of `metrics.jsonl`, oldest first; none before training.

    A last row that was cut while it was written is left out. A value that is
    no number comes back as NaN.

    Raises:
      RunError: another row is damaged.
    """
    path = os.path.join(run_dir, METRICS_FILE)
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path, "r") as file:
        *lines, _ = file.read().split("\n")
        return [
            _load(line, f"{path}, line {number},")
            for number, line in enumerate(lines, start=1)
        ]


def dump(row: Mapping[str, float]) -> str:
    """A row as a line of JSON, in which a value that is not finite is null."""
    finite = {n: v if math.isfinite(v) else None for n, v in row.items()}
    return json.dumps(finite, allow_nan=False) + "\n"


def _load(line: str, place: str) -> dict[str, Any]:
    """What `dump` wrote; NaN where it is null. Errors name the place."""
    try:
        row = json.loads(line)
        return {name: math.nan if v is None else v for name, v in row.items()}
    except (ValueError, AttributeError) as error:
        raise directory.RunError(
            f"{place} is damaged ({error}): take the line out, or bring the "
            "file back from a copy"
        ) from error


def best_row(
    rows: Sequence[Mapping[str, float]],
    select_by: str,
    *,
    higher_is_better: bool,
) -> Mapping[str, float] | None:
    """Returns the first row with the best finite `validation/<select_by>`.

    A row whose captions owed nothing to their images (`COLLAPSED`) is the best
    only where all are such rows.
    """
    key = f"validation/{select_by}"
    finite = [row for row in rows if math.isfinite(row.get(key, math.nan))]
    sign = 1 if higher_is_better else -1
    return max(
        finite,
        key=lambda row: (row.get(COLLAPSED) != 1, sign * row[key]),
        default=None,
    )
