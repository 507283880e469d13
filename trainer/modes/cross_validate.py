"""Trains on k folds of the train split, and scores on what each held out."""

import logging
import os
from collections.abc import Callable

from trainer.data import folds as folds_lib
from trainer.loop import cadence as cadence_lib
from trainer.run import directory, metrics_file
from trainer.training import setup as setup_lib

_LOG = logging.getLogger(__name__)


def cross_validate(
    run_dir: str,
    *,
    train: Callable[..., str],
    setup: setup_lib.Setup,
    cadence: cadence_lib.Cadence,
    folds: int = 5,
) -> str:
    """Trains once for each fold, on the other folds, and scores on the fold.

    Each fold is a run of its own, `<run_dir>/fold-1-of-5` and so on, so that a
    cross-validation that was killed goes on where it was.

    Args:
      run_dir: made where it is missing.
      train: trains in a directory, called with `fold`.
      setup: of the trainings.
      cadence: of the trainings.
      folds: number of equal parts of the train split.

    Returns:
      A table: each fold's loss and score, their mean and standard deviation.

    Raises:
      RunError: the directory, or a fold's, belongs to another run.
      ValueError: there are fewer than two folds, or images.
    """
    directory.refuse_training(run_dir)
    higher, rows = setup.direction(cadence.select_by), []
    for fold in folds_lib.every(folds):
        folder = os.path.join(run_dir, fold.name)
        _LOG.info(train(folder, fold=fold))
        row = metrics_file.best_row(
            metrics_file.read_metrics(folder),
            cadence.select_by,
            higher_is_better=higher,
        )
        if row is None:
            raise directory.RunError(f"no {cadence.select_by} in {folder}")
        rows.append(row)
    outcome = folds_lib.Outcome(cadence.select_by, rows)
    path = os.path.join(run_dir, "cross_validation.json")
    directory.write_text(path, outcome.dump())
    return f"{outcome.table()}\n{path}"
