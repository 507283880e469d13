"""Estimates are judged by their errors."""

import math

import numpy as np
import pytest

from trainer.evaluation.estimate import Estimate


def test_an_estimate_is_judged_by_its_error() -> None:
    assert Estimate(1.0, 0.25).z == 4.0
    assert Estimate(0.0, 0.0).z == 0.0
    assert Estimate(-1.0, 0.0).z == -math.inf


def test_the_error_is_that_of_the_mean() -> None:
    found = Estimate.of(np.array([1.0, 3.0, 5.0]))
    assert found.mean == 3.0
    assert found.error == pytest.approx(2 / math.sqrt(3))
    assert Estimate.of(np.array([2.0])) == Estimate(2.0, 0.0)
