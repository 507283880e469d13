"""Values that workers exchange arrive; differences are errors on all."""

import math

import pytest

from tests.support import crew
from trainer.devices import strategy, workers


@pytest.fixture
def alone() -> workers.Workers:
    devices = strategy.Devices(kind="mirrored", names=("CPU:0", "CPU:1"))
    return workers.Workers(devices.open())


def test_one_process_agrees_with_itself(alone):
    assert (alone.number, alone.count, alone.is_chief) == (0, 1, True)
    assert alone.chiefs({"a": 0.1}) == {"a": 0.1}
    assert alone.most(15) == 15
    alone.require_same("settings", {"units": 8})
    alone.wait()
    assert alone.said("trained") == "trained"


def talk() -> tuple[object, ...]:
    own = workers.Workers(strategy.Devices(kind="multi_worker").open())
    scores = {"a": 0.1 + own.number, "b": math.nan if own.number else math.inf}
    flags = [own.most(15 * own.number), own.most(0)]
    own.require_same("settings", {"units": 8})
    with pytest.raises(workers.WorkersError) as error:
        own.require_same("settings", {"units": own.number})
    own.wait()
    told = own.chiefs(scores), own.said("trained"), str(error.value)
    return own.number, own.count, flags, *told


def test_two_processes_hear_the_chief_and_each_other():
    first, second = crew.run(talk)
    message = (
        "the workers have different settings: give all the same command, and "
        "a --run_dir and records that all can read"
    )
    heard = 2, [15, 0], {"a": 0.1, "b": math.inf}
    assert first == (0, *heard, "trained", message)
    assert second == (1, *heard, "", message)
