"""Which score is the best, and when scores end the run."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import tensorflow as tf

from tests.support.loop_progress import FakeCheckpoints, progress
from trainer.loop import early_stopping, every, loop


class FakeLog:
    """Remembers the rows it was given."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []

    def write(self, step: int, scalars: dict[str, float]) -> None:
        self.rows.append((step, scalars))


def test_patience_counts_scores_since_the_best():
    patience = early_stopping.Patience(2)
    scores = [0.1, 0.3, 0.2, 0.4, 0.4, 0.1]
    better = [patience.improves(score) for score in scores]
    assert better == [True, True, False, True, False, False]
    assert patience.has_run_out
    assert float(patience.best) == 0.4


@pytest.mark.parametrize("score", np.linspace(0.01, 0.99, 25))
def test_equal_score_is_no_better(score):
    patience = early_stopping.Patience(1)
    assert patience.improves(score)
    assert not patience.improves(score)


def test_score_that_is_no_number_is_no_better():
    patience = early_stopping.Patience(1)
    assert not patience.improves(math.nan)
    assert patience.has_run_out


def test_patience_is_checkpointed(tmp_path):
    patience = early_stopping.Patience(3)
    for score in (0.7, 0.2):
        patience.improves(score)
    path = tf.train.Checkpoint(patience=patience).save(str(tmp_path / "one"))
    fresh = early_stopping.Patience(3)
    tf.train.Checkpoint(patience=fresh).restore(path).assert_consumed()
    assert (float(fresh.best), int(fresh.waited)) == (0.7, 1)


def test_of_a_loss_the_lowest_is_the_best():
    patience = early_stopping.Patience(2, lower=True)
    assert [patience.improves(loss) for loss in (3.0, 2.5, 2.5)] == [
        True,
        True,
        False,
    ]
    assert not patience.has_run_out
    assert not patience.improves(math.nan)
    assert patience.has_run_out


@pytest.mark.parametrize("lower", [False, True])
def test_any_score_is_better_than_one_that_owes_nothing_to_images(lower):
    patience = early_stopping.Patience(9, lower=lower)
    poor, good, better = (0.9, 0.5, 0.4) if lower else (0.1, 0.5, 0.6)
    found = [
        patience.improves(good, collapsed=True),
        patience.improves(good, collapsed=True),
        patience.improves(better, collapsed=True),
        patience.improves(poor),
        patience.improves(better, collapsed=True),
        patience.improves(good),
    ]
    assert found == [True, False, True, True, False, True]
    assert patience.score == good


def test_the_score_of_the_best_is_told_as_it_was():
    patience = early_stopping.Patience(9)
    assert patience.score == -math.inf
    patience.improves(0.25, collapsed=True)
    assert patience.score == 0.25


def test_patience_refuses_no_evaluations():
    with pytest.raises(ValueError) as error:
        early_stopping.Patience(0)
    assert str(error.value) == "`patience` must be positive, got 0"


class Evaluation:
    """`EvaluateAndStop` over given scores, every ten steps."""

    def __init__(
        self,
        scores: list[float],
        *,
        select_by: str = "cider_d",
        collapsed: Sequence[float] = (),
        faults: Sequence[str] = (),
    ):
        self.log, self.checkpoints = FakeLog(), FakeCheckpoints()
        self.warned: list[int] = []
        found = iter(faults)
        marks = ({"collapsed": mark} for mark in collapsed)
        self._scores = iter(scores)
        lower = select_by == "loss"
        given = "loss" if lower else "cider_d"
        other = {"loss": 3.0, "cider_d": 0.5}
        self.act = early_stopping.EvaluateAndStop(
            lambda: {**other, given: next(self._scores), **next(marks, {})},
            when=every.Every(10, 1000),
            select_by=select_by,
            patience=early_stopping.Patience(2, lower=lower),
            log=self.log,
            checkpoints=self.checkpoints,
            warn=self.warned.append,
            faults=lambda scalars: next(found, ""),
        )


def test_a_fault_ends_the_run_with_the_best_that_it_has():
    evaluation = Evaluation([0.2, 0.3], faults=["", "all are alike"])
    evaluation.act.after(progress(10))
    with pytest.raises(loop.StopTraining) as stop:
        evaluation.act.after(progress(20))
    assert str(stop.value) == "stopped at step 20: all are alike"
    assert evaluation.checkpoints.best == [10]
    assert [step for step, _ in evaluation.log.rows] == [10, 20]


def test_evaluates_when_it_is_time_and_keeps_the_best(said):
    evaluation = Evaluation([0.2, 0.1, 0.3])
    for step in range(5, 31, 5):
        evaluation.act.after(progress(step, num_steps=5))
    assert evaluation.checkpoints.best == [10, 30]
    assert [step for step, _ in evaluation.log.rows] == [10, 20, 30]
    assert evaluation.log.rows[0][1] == {
        "validation/loss": 3.0,
        "validation/cider_d": 0.2,
    }
    assert said.messages[0] == "step 10, validation: loss 3.000, cider_d 0.200"


def test_stops_when_patience_has_run_out(said):
    evaluation = Evaluation([0.5, 0.4, 0.3])
    evaluation.act.after(progress(10))
    evaluation.act.after(progress(20))
    with pytest.raises(loop.StopTraining) as stop:
        evaluation.act.after(progress(30))
    assert str(stop.value) == (
        "stopped early at step 30: cider_d has not risen above 0.500 for 2 "
        "evaluations"
    )
    assert evaluation.checkpoints.best == [10]
    assert len(evaluation.log.rows) == 3


def test_a_loss_that_has_not_fallen_stops_the_run():
    evaluation = Evaluation([2.0, 2.1, 2.2], select_by="loss")
    evaluation.act.after(progress(10))
    evaluation.act.after(progress(20))
    with pytest.raises(loop.StopTraining) as stop:
        evaluation.act.after(progress(30))
    assert str(stop.value) == (
        "stopped early at step 30: loss has not fallen below 2.000 for 2 "
        "evaluations"
    )
    assert evaluation.checkpoints.best == [10]


def test_a_collapsed_captioner_is_never_the_best_after_one_that_looks(said):
    evaluation = Evaluation([0.3, 0.2, 0.4], collapsed=[1, 0, 1])
    for step in (10, 20, 30):
        evaluation.act.after(progress(step))
    assert evaluation.checkpoints.best == [10, 20]
    assert evaluation.warned == [10, 30]
    assert said.messages[-1] == (
        "step 30 is not kept as the best, though cider_d is 0.400 and was "
        "0.200: its captions owe nothing to their images"
    )


def test_what_cannot_be_told_is_no_collapse():
    evaluation = Evaluation([0.3, 0.2], collapsed=[math.nan, 0])
    evaluation.act.after(progress(10))
    evaluation.act.after(progress(20))
    assert evaluation.checkpoints.best == [10]
    assert not evaluation.warned
