"""Actions with fakes: what each does, when, and what it says."""

import json
import logging
import math
import pathlib
import resource

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.loop import (
    early_stopping,
    every,
    loop,
    metrics_log,
    save_checkpoint,
    say_progress,
    show_on_board,
    stop_on_nan,
)
from trainer.run import event_files, metrics_file


def report(step: int, *, num_steps: int = 1, **scalars: float) -> loop.Report:
    scalars = {"loss": 2.5, "tokens": 600.0, "spikes": 0.0, **scalars}
    took = (2.0 / num_steps,) * num_steps
    return loop.Report(
        step, scalars, 4.0, num_steps=num_steps, took=took, waited=0.03
    )


class FakeCheckpoints:
    """Remembers at which steps it was asked to save."""

    def __init__(self) -> None:
        self.saved: list[int] = []
        self.best: list[int] = []
        self.newest = ""

    def save(self, step: int) -> None:
        self.saved.append(step)

    def save_best(self, step: int) -> None:
        self.best.append(step)


class FakeLog:
    """Remembers the rows it was given."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []

    def write(self, step: int, scalars: dict[str, float]) -> None:
        self.rows.append((step, scalars))


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What was logged: see its `messages`."""
    caplog.set_level(logging.INFO, logger="trainer")
    return caplog


def fired(when: every.Every, until: int, per_call: int) -> list[int]:
    """Steps at which it fires in a run from the beginning."""
    ends = [*range(per_call, until, per_call), until]
    begins = [0, *ends[:-1]]
    return [
        end
        for begin, end in zip(begins, ends, strict=True)
        if when(report(end, num_steps=end - begin))
    ]


def test_every_fires_at_multiples_and_at_the_end():
    assert fired(every.Every(4, 10), until=10, per_call=1) == [4, 8, 10]
    assert fired(every.Every(4, 10), until=10, per_call=2) == [4, 8, 10]


def test_every_fires_at_the_end_of_the_call_that_passes_a_multiple():
    # An epoch of 178 steps, in calls of 20.
    when = every.Every(178, 600)
    assert fired(when, until=600, per_call=20) == [180, 360, 540, 600]


def test_every_fires_at_each_call_longer_than_itself():
    assert fired(every.Every(3, 20), until=20, per_call=5) == [5, 10, 15, 20]


def test_every_refuses_no_steps():
    with pytest.raises(ValueError) as error:
        every.Every(0, 10)
    assert str(error.value) == "`every` must be positive, got 0 steps"


def test_progress_tells_loss_speed_and_time_left(said):
    say = say_progress.SayProgress(100, 32)
    say(report(40, num_steps=20, loss=3.14159, tokens=8000.0, spikes=2.0))
    # 4 seconds for 20 steps of 32 images; 60 more steps to go.
    assert said.messages == [
        (
            "step 40 of 100: loss 3.142 nats/token, 2 spikes, 160 images/s, "
            "2000 tokens/s, input wait 1.5 %, 0:12 left"
        )
    ]


def test_numbers_that_are_none_end_the_run_and_are_named():
    checkpoints = FakeCheckpoints()
    stop = stop_on_nan.StopOnNan(lambda step: [f"image of {step}"], checkpoints)
    broken = loop.Report(40, {}, seconds=1.0, num_steps=20, broken_step=33)
    message = (
        "loss or gradients of step 33 are no numbers: lower "
        "AdamW.learning_rate, or lengthen AdamW.warmup_steps, or look at its "
        "images: image of 32; last good checkpoint: "
    )
    with pytest.raises(FloatingPointError) as error:
        stop(broken)
    assert str(error.value) == message + "none yet"
    checkpoints.newest = "run/checkpoints/ckpt-20"
    with pytest.raises(FloatingPointError) as error:
        stop(broken)
    assert str(error.value) == message + "run/checkpoints/ckpt-20"


def test_large_loss_goes_on():
    stop = stop_on_nan.StopOnNan(lambda _: [], FakeCheckpoints())
    assert stop(report(40, loss=1e9)) is None


def log_of(
    folder: pathlib.Path, *, resumed_step: int
) -> metrics_log.MetricsLog:
    board = event_files.Board(str(folder))
    return metrics_log.MetricsLog(str(folder), board, resumed_step=resumed_step)


def rows(folder: pathlib.Path) -> list[dict[str, float]]:
    text = (folder / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_metrics_are_rows_of_json(tmp_path):
    log = log_of(tmp_path, resumed_step=0)
    log(report(20, loss=2.0))
    log.write(20, {"validation/cider_d": 0.5})
    expected = [
        {
            "step": 20,
            "train/loss": 2.0,
            "train/tokens": 600.0,
            "train/spikes": 0.0,
            "train/input_wait": 0.015,
            "train/step_seconds": 2.0,
        },
        {"step": 20, "validation/cider_d": 0.5},
    ]
    assert rows(tmp_path) == expected
    assert metrics_file.read_metrics(str(tmp_path)) == expected


def test_metrics_reach_tensorboard(tmp_path):
    log = log_of(tmp_path, resumed_step=0)
    log.write(20, {"validation/cider_d": 0.5})
    (file,) = (tmp_path / "tensorboard").iterdir()
    values = {
        value.tag: (event.step, float(tf.make_ndarray(value.tensor)))
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    }
    assert values == {"validation/cider_d": (20, 0.5)}


class FakeBoard:
    """Remembers what it was given, or has no room."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.shown: list[tuple[int, list[str]]] = []

    def histograms(self, step: int, values: dict[str, np.ndarray]) -> None:
        if self.full:
            raise OSError("no room")
        self.shown.append((step, sorted(values)))

    def pictures(self, step: int, pictures: list[tuple]) -> None:
        self.shown.append((step, [name for name, _, _ in pictures]))


def showing(board: FakeBoard) -> show_on_board.ShowOnBoard:
    weight = keras.Variable(tf.ones([2, 2]), name="gate")
    return show_on_board.ShowOnBoard(
        board,
        weights=[weight],
        pictures=lambda: iter([("captions/1", np.zeros([8, 8, 3]), "a dog")]),
        when=every.Every(20, 100),
    )


def test_weights_and_pictures_are_shown_when_it_is_time():
    board = FakeBoard()
    show = showing(board)
    for step in range(10, 41, 10):
        show(report(step, num_steps=10))
    assert board.shown == [
        (20, ["weights/gate"]),
        (20, ["captions/1"]),
        (40, ["weights/gate"]),
        (40, ["captions/1"]),
    ]


def test_a_board_without_room_does_not_stop_the_run(caplog):
    showing(FakeBoard(full=True))(report(20))
    assert caplog.messages == ["can't show step 20: no room"]


def test_metrics_past_the_resumed_step_are_dropped(tmp_path):
    log = log_of(tmp_path, resumed_step=0)
    for step in (20, 40, 60):
        log.write(step, {"train/loss": float(step)})
    resumed = log_of(tmp_path, resumed_step=40)
    resumed.write(60, {"train/loss": 0.0})
    assert rows(tmp_path) == [
        {"step": 20, "train/loss": 20.0},
        {"step": 40, "train/loss": 40.0},
        {"step": 60, "train/loss": 0.0},
    ]


def test_row_cut_by_a_crash_does_not_hinder_the_next_start(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 20}\n{"step": 40, "tr')
    log = log_of(tmp_path, resumed_step=40)
    log.write(60, {})
    assert rows(tmp_path) == [{"step": 20}, {"step": 60}]


def test_there_are_no_metrics_before_training(tmp_path):
    assert metrics_file.read_metrics(str(tmp_path)) == []


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


def test_the_best_row_is_the_first_of_the_best_and_ignores_nan():
    values = [0.1, math.nan, 0.7, 0.7, 0.1]
    rows = [
        {"step": step, "validation/cider_d": value, "validation/loss": value}
        for step, value in enumerate(values)
    ]
    assert metrics_file.best_row(rows, "cider_d") is rows[2]
    assert metrics_file.best_row(rows, "loss") is rows[0]
    assert metrics_file.best_row(rows, "bleu_4") is None


def test_patience_refuses_no_evaluations():
    with pytest.raises(ValueError) as error:
        early_stopping.Patience(0)
    assert str(error.value) == "`patience` must be positive, got 0"


class Evaluation:
    """`EvaluateAndStop` over given scores, every ten steps."""

    def __init__(self, scores: list[float], *, select_by: str = "cider_d"):
        self.log, self.checkpoints = FakeLog(), FakeCheckpoints()
        self._scores = iter(scores)
        lower = select_by == "loss"
        given = "loss" if lower else "cider_d"
        other = {"loss": 3.0, "cider_d": 0.5}
        self.act = early_stopping.EvaluateAndStop(
            lambda: {**other, given: next(self._scores)},
            when=every.Every(10, 1000),
            select_by=select_by,
            patience=early_stopping.Patience(2, lower=lower),
            log=self.log,
            checkpoints=self.checkpoints,
        )


def test_evaluates_when_it_is_time_and_keeps_the_best(said):
    evaluation = Evaluation([0.2, 0.1, 0.3])
    for step in range(5, 31, 5):
        evaluation.act(report(step, num_steps=5))
    assert evaluation.checkpoints.best == [10, 30]
    assert [step for step, _ in evaluation.log.rows] == [10, 20, 30]
    assert evaluation.log.rows[0][1] == {
        "validation/loss": 3.0,
        "validation/cider_d": 0.2,
    }
    assert said.messages[0] == "step 10, validation: loss 3.000, cider_d 0.200"


def test_stops_when_patience_has_run_out(said):
    evaluation = Evaluation([0.5, 0.4, 0.3])
    evaluation.act(report(10))
    evaluation.act(report(20))
    with pytest.raises(loop.StopTraining) as stop:
        evaluation.act(report(30))
    assert str(stop.value) == (
        "stopped early at step 30: cider_d has not risen above 0.500 for 2 "
        "evaluations"
    )
    assert evaluation.checkpoints.best == [10]
    assert len(evaluation.log.rows) == 3


def test_a_loss_that_has_not_fallen_stops_the_run():
    evaluation = Evaluation([2.0, 2.1, 2.2], select_by="loss")
    evaluation.act(report(10))
    evaluation.act(report(20))
    with pytest.raises(loop.StopTraining) as stop:
        evaluation.act(report(30))
    assert str(stop.value) == (
        "stopped early at step 30: loss has not fallen below 2.000 for 2 "
        "evaluations"
    )
    assert evaluation.checkpoints.best == [10]


def test_unknown_score_names_those_there_are():
    evaluation = Evaluation([0.5], select_by="cider")
    with pytest.raises(ValueError) as error:
        evaluation.act(report(10))
    assert str(error.value) == (
        "`select_by` must be one of cider_d, loss, got 'cider'"
    )


def test_checkpoints_are_saved_when_it_is_time():
    checkpoints = FakeCheckpoints()
    save = save_checkpoint.SaveCheckpoint(checkpoints, when=every.Every(20, 50))
    for step in range(10, 51, 10):
        save(report(step, num_steps=10))
    assert checkpoints.saved == [20, 40, 50]


def test_rows_that_find_no_room_are_written_later(tmp_path, caplog):
    log = log_of(tmp_path, resumed_step=0)
    log.write(20, {"train/loss": 1.0})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (tmp_path / "metrics.jsonl").stat().st_size
    # Half a row fits.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, before[1]))
    try:
        log.write(40, {"train/loss": 2.0})
        log.write(60, {"train/loss": 3.0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(caplog.messages) == 2
    assert caplog.messages[0].startswith("can't write the metrics of step 40: ")
    log.write(80, {"train/loss": 4.0})
    assert [row["train/loss"] for row in rows(tmp_path)] == [1, 2, 3, 4]
