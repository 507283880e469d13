"""How far a run is, what it scored, and whether it still trains: table rows."""

import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from pipeline.card import data_card
from pipeline.printable import printable
from trainer import config
from trainer.report import curves, results
from trainer.run import checkpoints, directory, lock, metrics_file

_NONE = "-"
# What a training leaves; before these, it has its lock alone.
_KEPT = (
    config.CONFIG_FILE,
    directory.IDENTITY_FILE,
    directory.NEWEST,
    metrics_file.METRICS_FILE,
)
# What files that are cut, changed or of another kind end in.
_DAMAGE = (
    tf.errors.OpError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run's own configuration says of it.

    Attributes:
      num_steps: updates after which the training ends.
      patience: evaluations without a better score before it ends early.
      select_by: the validation score that picks the best checkpoint.
      higher_is_better: whether a larger value of that score is better.
      records: folder of the record set.
    """

    num_steps: int
    patience: int
    select_by: str
    higher_is_better: bool
    records: str


@dataclasses.dataclass(frozen=True)
class Row:
    """A run, or a further split that it was evaluated on, as a table's text.

    Attributes:
      run: folder of the run.
      state: running, finished, interrupted, failed to start, or damaged.
      step: updates made, of those planned.
      split: that the score is of.
      score: name and value.
      constant: the score of one caption for every image.
      shuffled: the score of captions at other images.
      verdict: whether it looks at the image; what is damaged, where that is.
    """

    run: str
    state: str
    step: str = _NONE
    split: str = _NONE
    score: str = _NONE
    constant: str = _NONE
    shuffled: str = _NONE
    verdict: str = _NONE


def is_run(folder: str) -> bool:
    """Whether anything was trained in a folder, or began to be."""
    return _has(folder, *_KEPT, lock.LOCK_FILE)


def _has(folder: str, *names: str) -> bool:
    """Whether any of the names exists in a folder."""
    return any(tf.io.gfile.exists(os.path.join(folder, name)) for name in names)


def read(run_dir: str, plan_of: Callable[[str], Plan]) -> list[Row]:
    """Reads a run's rows: one for each split it was evaluated on, or one.

    Checkpoints are not opened. The row of a run that is damaged names the file.

    Args:
      run_dir: of the run.
      plan_of: reads the configuration of a run.
    """
    try:
        return list(_rows(run_dir, plan_of))
    except _DAMAGE as error:
        told = isinstance(error, (OSError, ValueError))
        text = str(error) if told else repr(error)
        return [Row(run_dir, "damaged", verdict=printable(text))]


def _rows(run_dir: str, plan_of: Callable[[str], Plan]) -> Iterator[Row]:
    if not _has(run_dir, *_KEPT):
        process = lock.holder(run_dir)
        yield Row(run_dir, _running(process) if process else "failed to start")
        return
    directory.read_identity(run_dir)
    plan, metrics = plan_of(run_dir), metrics_file.read_metrics(run_dir)
    made = int(metrics[-1]["step"]) if metrics else 0
    row = Row(
        run_dir,
        _state(run_dir, plan, metrics),
        f"{made:,} of {plan.num_steps:,}",
    )
    evaluated = list(_evaluated(run_dir, plan))
    for scored in evaluated or [_validated(plan, metrics)]:
        yield dataclasses.replace(row, **scored)


def _state(
    run_dir: str, plan: Plan, metrics: Sequence[Mapping[str, float]]
) -> str:
    process = lock.holder(run_dir)
    if process:
        return _running(process)
    saved = checkpoints.newest_step(run_dir)
    if saved >= plan.num_steps:
        return "finished"
    if metrics and saved >= metrics[-1]["step"] and _ran_out(plan, metrics):
        return "finished early"
    # Object stores have no locks, so the run may still train elsewhere.
    state = "not finished" if "://" in run_dir else "interrupted"
    return f"{state}, saved at step {saved:,}" if saved else f"{state}, unsaved"


def _running(process: str) -> str:
    return f"running, process {process}"


def _ran_out(plan: Plan, metrics: Sequence[Mapping[str, float]]) -> bool:
    """Whether patience ended the training, by the rule of early stopping."""
    key = f"validation/{plan.select_by}"
    evaluations = [row for row in metrics if key in row]
    best = _best(plan, evaluations)
    waited = len(evaluations) - (evaluations.index(best) + 1 if best else 0)
    return waited >= plan.patience


def _best(
    plan: Plan, metrics: Sequence[Mapping[str, float]]
) -> Mapping[str, float] | None:
    return metrics_file.best_row(
        metrics, plan.select_by, higher_is_better=plan.higher_is_better
    )


def _validated(
    plan: Plan, metrics: Sequence[Mapping[str, float]]
) -> dict[str, str]:
    """The best validation score beside the data card's floors."""
    best = _best(plan, metrics)
    if best is None:
        return {"verdict": "not evaluated"}
    levels = _levels(plan.records).get(plan.select_by, {})
    value = best[f"validation/{plan.select_by}"]
    return {
        "split": f"validation, step {best['step']:,.0f}",
        "score": f"{plan.select_by} {value:.3f}",
        "constant": _number(levels.get("constant")),
        "shuffled": _number(levels.get("shuffled")),
        "verdict": "not evaluated",
    }


def _levels(records: str) -> dict[str, dict[str, float]]:
    """The data card's floors; none where the record set is not at hand."""
    try:
        return curves.levels(data_card.load(records).facts)
    except (data_card.DataCardError, OSError, tf.errors.OpError):
        return {}


def _evaluated(run_dir: str, plan: Plan) -> Iterator[dict[str, str]]:
    """The score of each split that `--mode=evaluate` wrote."""
    for name in directory.names(run_dir):
        path = os.path.join(run_dir, name, results.SCORES_FILE)
        if tf.io.gfile.exists(path):
            try:
                yield _scored(json.loads(directory.read_text(path)), plan)
            except _DAMAGE as error:
                raise directory.RunError(
                    f"{path} is damaged ({error!r}): evaluate again"
                ) from error


def _scored(scores: Mapping[str, Any], plan: Plan) -> dict[str, str]:
    # A loss has no floors: the first metric stands for it.
    measured = scores["scores"]
    key = plan.select_by if plan.select_by in measured else next(iter(measured))
    said = str(scores["verdict"])
    alarm = re.search(r" (Collapse|Warning):", said)
    found = said.partition(":")[0] + (f". {alarm[1]}" if alarm else "")
    return {
        "split": scores["split"],
        "score": f"{key} {_number(measured[key]['model'])}",
        "constant": _number(measured[key]["constant"]),
        "shuffled": _number(measured[key]["shuffled"]),
        "verdict": found,
    }


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"
