"""Lists runs: how far each is, what it scored, whether it still trains."""

import dataclasses
import logging
import os
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from pipeline.printable import printable
from trainer.report import run_status
from trainer.run import directory, metrics_file

_LOG = logging.getLogger(__name__)
# Folders between the one that is named and a run: a cross-validation's.
_DEPTH = 2
_FILES = (
    f"Log of a run: RUN/{metrics_file.METRICS_FILE}, and RUN/tensorboard. "
    "Pages: RUN/curves.html, RUN/SPLIT/page.html."
)


def status(run_dir: str, *, plan_of: Callable[[str], run_status.Plan]) -> str:
    """Lists the run in a folder, or the runs below it, in a table.

    Args:
      run_dir: a run, or a folder of runs and cross-validations.
      plan_of: reads the configuration of a run.

    Returns:
      The table, and where the runs' logs are.

    Raises:
      RunError: there is no such folder, or no run in it.
    """
    rows = [
        row
        for folder in _runs(run_dir, _DEPTH)
        for row in run_status.read(folder, plan_of)
    ]
    if not rows:
        raise directory.RunError(
            f"no run in {run_dir!r}: name a --run_dir, or the folder above some"
        )
    return f"{_table(rows)}\n\n{_FILES}"


def _runs(folder: str, depth: int) -> Iterator[str]:
    """Finds the folders of runs, sorted by name."""
    if run_status.is_run(folder):
        yield folder
    elif depth:
        try:
            names = sorted(directory.names(folder))
        except tf.errors.PermissionDeniedError:
            _LOG.warning("%s is left out: it can't be read", folder)
            return
        for name in names:
            # A bucket's folders end in a slash.
            below = os.path.join(folder, name.rstrip("/"))
            yield from _runs(below, depth - 1)


def _table(rows: Sequence[run_status.Row]) -> str:
    """Aligns the rows under the names of their columns."""
    head = [field.name for field in dataclasses.fields(run_status.Row)]
    table = [
        head,
        *(list(map(printable, dataclasses.astuple(r))) for r in rows),
    ]
    # The last is left out: a message there may be long.
    widths = [max(map(len, column)) for column in zip(*table, strict=True)][:-1]
    return "\n".join(
        "  ".join([*map(str.ljust, row, widths), row[-1]]) for row in table
    )
