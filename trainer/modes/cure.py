"""Carries out what a diagnosis advises, in a folder beside the run's."""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import subset
from trainer import config
from trainer.diagnosis.case import Case
from trainer.diagnosis.comparison import Comparison, Scores
from trainer.diagnosis.cures import OwnFile
from trainer.diagnosis.treatment import Treatment
from trainer.run import directory, metrics_file, other_grids

_LOG = logging.getLogger(__name__)
JSON_FILE = "diagnosis.json"
# Which treatment the folder is of.
_PLAN = "cure.json"
# What the other modes read of a run.
_FILES = (
    directory.IDENTITY_FILE,
    config.CONFIG_FILE,
    manifest_lib.VOCABULARY_FILE,
    metrics_file.METRICS_FILE,
    other_grids.FILE,
)


def cure(
    case: Case,
    treatment: Treatment,
    before: Mapping[str, Any],
    anew: Callable[..., None],
) -> Comparison | None:
    """Carries out a treatment beside a run, and compares the scores.

    A treatment that was killed goes on where it was.

    Args:
      case: the run; it stays as it is.
      treatment: what to do.
      before: what is in the run's `diagnosis.json`.
      anew: called with the run's folder, the other folder, bindings, and
        whether to train: trains there with the run's configuration and the
        bindings over it, and diagnoses.

    Returns:
      The scores of both; None if nothing of it can be done here.

    Raises:
      RunError: the folder was not made by a cure.
    """
    if not treatment.done:
        return None
    folder = f"{case.run_dir.rstrip('/')}-cured"
    _begin(folder, case, treatment)
    for line in treatment.done:
        _LOG.info("in %s: %s", folder, line)
    records = case.record_set.path
    if treatment.without:
        records = os.path.join(folder, "records")
        left_out = set(_images(treatment.without))
        subset.write(case.record_set, records, left_out)
    if not treatment.trains:
        _copy(case.run_dir, folder, treatment.files)
    bindings = [*treatment.bindings, f"Setup.records = {records!r}"]
    anew(case.run_dir, folder, bindings, treatment.trains)
    after = json.loads(directory.read_text(os.path.join(folder, JSON_FILE)))
    return Comparison(
        folder,
        tuple(treatment.done),
        tuple(treatment.left),
        Scores.of(before),
        Scores.of(after),
    )


def _begin(folder: str, case: Case, treatment: Treatment) -> None:
    """Makes the folder, unless the same treatment has begun there.

    What another treatment left there is removed.
    """
    path = os.path.join(folder, _PLAN)
    pairs = directory.read_text(treatment.without) if treatment.without else ""
    plan = json.dumps(
        {
            "run": directory.run_name(case.run_dir, case.identity),
            "done": treatment.done,
            "without": hashlib.sha256(pairs.encode()).hexdigest(),
        },
        indent=1,
    )
    if tf.io.gfile.exists(path):
        if directory.read_text(path) == plan:
            return
        tf.io.gfile.rmtree(folder)
    elif directory.names(folder):
        raise directory.RunError(
            f"{folder} was not made by a cure ({_PLAN} is missing): move it "
            "away"
        )
    tf.io.gfile.makedirs(folder)
    directory.write_text(path, plan)


def _images(path: str) -> Iterator[str]:
    """The ids in a list of pairs."""
    for line in directory.read_text(path).splitlines():
        yield json.loads(line)["image_id"]


def _copy(run_dir: str, folder: str, files: Sequence[OwnFile]) -> None:
    """Copies what a run is used by, with other files in place of some."""
    own = {file.name: file.source for file in files}
    names = [
        os.path.join(part, name)
        for part in (directory.NEWEST, directory.BEST)
        if part not in own
        for name in directory.names(os.path.join(run_dir, part))
    ]
    for part in (directory.NEWEST, directory.BEST):
        tf.io.gfile.makedirs(os.path.join(folder, part))
    for name in (*names, *_FILES):
        source = own.get(name, os.path.join(run_dir, name))
        if tf.io.gfile.exists(source):
            tf.io.gfile.copy(source, os.path.join(folder, name), overwrite=True)
