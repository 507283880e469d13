"""Strengths, shares and doses."""

import pytest

from trainer.diagnosis.causes import cause


def test_a_strength_is_cut_at_both_ends() -> None:
    values = [cause.between(x, 1.0, 3.0) for x in (0.0, 1.0, 2.0, 3.0, 9.0)]
    assert values == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert cause.between(1.0, 3.0, 2.0) == 1.0


def test_the_interval_of_a_share_is_wilsons() -> None:
    # statsmodels' proportion_confint(10, 100, method="wilson").
    low, high = cause.share(0.1, 100)
    assert low == pytest.approx(0.05523, abs=1e-4)
    assert high == pytest.approx(0.17437, abs=1e-4)
    assert cause.share(0.0, 50)[0] == pytest.approx(0.0, abs=1e-12)


def test_a_dose_is_a_sentence() -> None:
    unit = "about {value:.0%} of the pairs ({low:.0%} to {high:.0%})"
    dose = cause.Dose(0.5, 0.41, 0.6, unit)
    assert str(dose) == "about 50% of the pairs (41% to 60%)"
