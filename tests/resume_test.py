"""Killed or told to stop, and started again: as if nothing had happened."""

import random
import re

import pytest

from tests import fixtures, trainings
from trainer import actions

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    fixtures.write_uneven_record_set(folder)
    return folder


@pytest.fixture(scope="module")
def whole(request, records, tmp_path_factory):
    """A run that nothing interrupts, on one device and on two."""
    folder = tmp_path_factory.mktemp(f"whole_{request.param}") / "run"
    training = trainings.Training(records, folder, replicas=request.param)
    assert training.run() == 0, training.said
    skipped = actions.read_metrics(str(folder))[-2]["train/skipped"]
    assert skipped > 0
    return request.param, folder


@pytest.mark.parametrize("whole", [1, 2], indirect=True)
def test_killed_runs_end_like_one_that_was_not(whole, records, tmp_path):
    replicas, uninterrupted = whole
    draw = random.Random(replicas)
    training = trainings.Training(records, tmp_path / "run", replicas=replicas)
    # In a step, twice in different epochs; in the write of a checkpoint.
    kills = 0
    for begin, end in ((3, 8), (9, 14), (15, 22)):
        step = draw.randint(begin, end)
        training.start()
        kills += training.wait(lambda step=step: training.steps >= step)
        if begin == 15:
            training.wait(training.is_writing)
        training.kill()
    assert kills == 3
    assert training.run() == 0, training.said
    assert trainings.state(training.run_dir) == trainings.state(uninterrupted)
    assert trainings.metrics(training.run_dir) == trainings.metrics(
        uninterrupted
    )
    assert not list(training.run_dir.glob("*/*_temp*"))


@pytest.mark.parametrize("whole", [1], indirect=True)
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
    saved = max(
        int(re.findall(r"\d+", path.name)[0])
        for path in training.run_dir.glob("checkpoints/*.index")
    )
    assert saved == training.steps
    assert training.run() == 0, training.said
    assert trainings.state(training.run_dir) == trainings.state(uninterrupted)
    assert trainings.metrics(training.run_dir) == trainings.metrics(
        uninterrupted
    )
