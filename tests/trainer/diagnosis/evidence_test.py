"""Estimates, and what follows from evidence by itself."""

import dataclasses

import pytest

from tests.support import evidence as sound
from trainer.evaluation.estimate import Estimate


@pytest.mark.parametrize(
    ("logged", "replayed", "expected"),
    [(0.957, 0.958, True), (0.957, 0.96, False), (None, 1.3, None)],
)
def test_the_loss_in_the_log_comes_back_or_does_not(
    logged: float | None, replayed: float, expected: bool | None
) -> None:
    found = sound.evidence(
        learning=sound.learning(logged_loss=logged), replayed=replayed
    )
    assert found.replays is expected


def test_of_another_precision_less_is_asked() -> None:
    settings = sound.SETTINGS | {"precision": "mixed_bfloat16"}
    found = sound.evidence(settings=settings, replayed=0.96)
    assert found.replays is True


def test_a_rule_of_training_is_the_nearest_that_gives_the_logged_loss() -> None:
    found = sound.evidence(
        validation=sound.looks(
            rules={"no-state": (-0.54, 0.02), "end": (-0.5, 0.02)}
        ),
        replayed=1.5,
    )
    assert found.trained_under == "no-state"
    assert sound.evidence().trained_under == ""
    assert sound.evidence(replayed=3.0).trained_under == ""


@pytest.mark.parametrize(
    ("gap", "passed"),
    [((1.0, 0.1), True), ((0.05, 0.001), False), ((1.0, 0.5), False)],
)
def test_a_trial_is_passed_by_a_gap_that_is_large_and_sure(
    gap: tuple[float, float], passed: bool
) -> None:
    trial = dataclasses.replace(sound.trial(0.0), gap=Estimate(*gap))
    assert trial.passed is passed
