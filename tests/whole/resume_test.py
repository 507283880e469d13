"""A run that is killed or stopped, and started again, ends as if it was not."""

import dataclasses
import json
import random
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from tests.support import fixtures, trainings
from trainer.captioners import dropout
from trainer.data import batches, split_images
from trainer.data.batching import Batching
from trainer.run import metrics_file

pytestmark = pytest.mark.slow


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """Where a run is trained, and which of its processes is killed when.

    Attributes:
      replicas: logical devices of a process.
      workers: processes.
      kills: number of the worker that is killed, or None for what was started,
        and between which steps.
    """

    replicas: int = 1
    workers: int = 1
    kills: tuple[tuple[int | None, range], ...]

    def training(self, records: Path, run_dir: Path) -> trainings.Training:
        return trainings.Training(
            records, run_dir, replicas=self.replicas, workers=self.workers
        )


# Epochs are of 4 steps, checkpoints of 6: the first run goes on from within an
# epoch and over its edge, the second from an edge; the last is killed while it
# writes.
WITHIN, AT_AN_EDGE, WRITING = range(7, 12), range(13, 17), range(17, 24)
ONE = Kind(kills=((None, WITHIN), (None, AT_AN_EDGE), (None, WRITING)))
TWO_REPLICAS = Kind(replicas=2, kills=((None, WRITING),))
# The launcher, and the chief, which writes; the other in two_workers_test.
TWO_WORKERS = Kind(workers=2, kills=((None, WITHIN), (0, WRITING)))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    fixtures.write_uneven_record_set(folder)
    return folder


@pytest.fixture(scope="module")
def whole(request, records, tmp_path_factory):
    """A run of a kind that nothing interrupts, and the kind."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    training = request.param.training(records, folder)
    assert training.run() == 0, training.said
    skipped = metrics_file.read_metrics(str(folder))[-2]["train/skipped"]
    assert skipped > 0
    return request.param, folder


def assert_equal(run_dir: Path, uninterrupted: Path) -> None:
    """To the bit."""
    assert trainings.state(run_dir) == trainings.state(uninterrupted)
    assert trainings.metrics(run_dir) == trainings.metrics(uninterrupted)
    assert not list(run_dir.glob("*/*_temp*"))


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(ONE, id="one device"),
        pytest.param(TWO_REPLICAS, id="two replicas"),
        pytest.param(TWO_WORKERS, id="two workers"),
    ],
    indirect=True,
)
def test_killed_runs_end_like_one_that_was_not(whole, records, tmp_path):
    kind, uninterrupted = whole
    draw = random.Random(kind.replicas + kind.workers)
    training = kind.training(records, tmp_path / "run")
    for victim, steps in kind.kills:
        step = draw.choice(steps)
        training.start()
        told = training.wait(lambda step=step: training.steps >= step)
        assert told, training.said
        if steps is WRITING:
            assert training.wait(training.is_writing), training.said
        training.kill(victim)
    assert training.run() == 0, training.said
    assert_equal(training.run_dir, uninterrupted)


@pytest.mark.parametrize(
    "whole", [pytest.param(TWO_WORKERS, id="two workers")], indirect=True
)
def test_a_notice_to_one_worker_saves_all_and_is_resumed(
    whole, records, tmp_path
):
    kind, uninterrupted = whole
    training = kind.training(records, tmp_path / "run")
    training.start()
    assert training.wait(lambda: training.steps >= 7), training.said
    training.terminate(worker=1)
    assert training.join() == 143, training.said
    assert trainings.newest(training.run_dir) == training.steps < 30
    assert training.run() == 0, training.said
    assert_equal(training.run_dir, uninterrupted)


@pytest.mark.parametrize(
    "whole", [pytest.param(ONE, id="one device")], indirect=True
)
def test_sigterm_saves_exits_143_and_is_resumed(whole, records, tmp_path):
    _, uninterrupted = whole
    training = trainings.Training(records, tmp_path / "run")
    training.start()
    assert training.wait(lambda: training.steps >= 5)
    training.terminate()
    assert training.join() == 143, training.said
    told = training.said.splitlines()[-1]
    assert told == (
        "trainer: stopped by SIGTERM and saved: the same command goes on with "
        f"{training.run_dir}"
    )
    assert "Traceback" not in training.said
    assert trainings.newest(training.run_dir) == training.steps
    assert training.run() == 0, training.said
    assert_equal(training.run_dir, uninterrupted)


FLOAT32 = {"Devices__precision": "'float32'"}


@pytest.fixture(scope="module")
def alone(records, tmp_path_factory):
    """An uninterrupted run in float32 on one device."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    training = trainings.Training(records, folder, **FLOAT32)
    assert training.run() == 0, training.said
    return folder


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_a_run_goes_on_with_other_devices(
    alone, records, tmp_path, before, after
):
    first, second = (
        trainings.Training(
            records, tmp_path / "run", replicas=replicas, **FLOAT32
        )
        for replicas in (before, after)
    )
    first.start()
    assert first.wait(lambda: first.steps >= 8), first.said
    first.kill()
    assert second.run() == 0, second.said
    assert f"{after} replica" in second.said
    own, other = trainings.values(second.run_dir), trainings.values(alone)
    assert own.keys() == other.keys()
    for name, value in own.items():
        if value.dtype.kind == "S":  # The run's name.
            assert value == other[name]
            continue
        # The same sums in another order; see same_update_test.
        np.testing.assert_allclose(value, other[name], atol=2e-5, err_msg=name)
    rows = (trainings.metrics(run) for run in (second.run_dir, alone))
    for row, expected in zip(*rows, strict=True):
        close = pytest.approx(known(expected), rel=1e-4, abs=1e-6)
        assert known(row) == close


def known(row: str) -> dict[str, float]:
    """Numbers of a row; a split of few images leaves some untold."""
    return {n: v for n, v in json.loads(row).items() if v is not None}


BATCHING = Batching(
    batch_images=4, captions_per_image=2, num_streams=2, max_length=21
)


def seen(
    record_set: record_set_lib.RecordSet, *, first: int, replicas: int
) -> list[tuple[list[str], np.ndarray]]:
    """Image ids and dropped units of six global batches from a step on."""
    ids = {
        one.grid.numpy().tobytes(): one.image_ids[0]
        for one in split_images.batches(record_set, "train", batch_images=1)
    }
    data = batches.CaptionDataset(record_set, "train", BATCHING, shuffle=True)
    parts = list(
        data.epochs(first_step=first, replicas=replicas).take(6 * replicas)
    )
    found = []
    for number in range(6):
        own = parts[number * replicas : (number + 1) * replicas]
        step = tf.constant(first + number, tf.int64)
        grids = np.concatenate([part["grid"] for part in own])
        masks = [
            dropout.StreamDropout(0.3, 1, step, part["streams"])(
                tf.ones([part["grid"].shape[0], 16]), layer=0
            )
            for part in own
        ]
        found.append(
            (
                [ids.get(grid.tobytes(), "") for grid in grids],
                np.concatenate(masks),
            )
        )
    return found


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_other_devices_see_the_same_images_and_masks(records, before, after):
    record_set = record_set_lib.open_record_set(str(records))
    expected = seen(record_set, first=7, replicas=before)
    resumed = seen(record_set, first=7, replicas=after)
    assert any("" not in ids for ids, _ in expected)
    for (ids, masks), (other_ids, other_masks) in zip(
        expected, resumed, strict=True
    ):
        assert ids == other_ids
        np.testing.assert_array_equal(masks, other_masks)
        assert 0 < np.mean(masks == 0) < 1


def test_a_killed_cross_validation_ends_like_one_that_was_not(
    records, tmp_path
):
    sizes = {"NUM_STEPS": 10, "cross_validate__folds": 2}
    runs = [tmp_path / "whole", tmp_path / "cut"]
    whole, cut = (
        trainings.Training(records, run, mode="cross_validate", **sizes)
        for run in runs
    )
    assert whole.run() == 0, whole.said
    cut.start()
    second = cut.run_dir / "fold-2-of-2"
    assert cut.wait(lambda: len(metrics_file.read_metrics(str(second))) >= 4)
    cut.kill()
    assert not (cut.run_dir / "cross_validation.json").exists()
    assert cut.run() == 0, cut.said
    assert f"already trained: step 10, {cut.run_dir}/fold-1-of-2" in cut.said
    for fold in ("fold-1-of-2", "fold-2-of-2"):
        assert_equal(cut.run_dir / fold, whole.run_dir / fold)
    one, other = ((run / "cross_validation.json").read_text() for run in runs)
    assert one == other
