"""Scalars go to `metrics.jsonl` and to TensorBoard."""

import pathlib
import resource

import tensorflow as tf

from tests.support.loop_progress import progress, rows
from trainer.loop import metrics_log
from trainer.run import event_files, metrics_file


def log_of(
    folder: pathlib.Path, *, resumed_step: int
) -> metrics_log.MetricsLog:
    board = event_files.Board(str(folder))
    return metrics_log.MetricsLog(str(folder), board, resumed_step=resumed_step)


def test_metrics_are_rows_of_json(tmp_path):
    log = log_of(tmp_path, resumed_step=0)
    log.after(progress(20, loss=2.0))
    log.write(20, {"validation/cider_d": 0.5})
    expected = [
        {
            "step": 20,
            "train/loss": 2.0,
            "train/tokens": 600.0,
            "train/spikes": 0.0,
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
