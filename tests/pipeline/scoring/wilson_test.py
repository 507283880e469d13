"""The interval of a share is Wilson's."""

import pytest

from pipeline.scoring import wilson


def test_the_interval_is_that_of_statsmodels() -> None:
    # statsmodels' proportion_confint(10, 100, method="wilson").
    low, high = wilson.interval(0.1, 100)
    assert low == pytest.approx(0.05523, abs=1e-4)
    assert high == pytest.approx(0.17437, abs=1e-4)
    assert wilson.interval(0.0, 50)[0] == 0.0
