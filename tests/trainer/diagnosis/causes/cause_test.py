"""Strengths and doses."""

from trainer.diagnosis.causes import cause


def test_a_strength_is_cut_at_both_ends() -> None:
    values = [cause.between(x, 1.0, 3.0) for x in (0.0, 1.0, 2.0, 3.0, 9.0)]
    assert values == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert cause.between(1.0, 3.0, 2.0) == 1.0


def test_a_dose_is_a_sentence() -> None:
    unit = "about {value:.0%} of the pairs ({low:.0%} to {high:.0%})"
    dose = cause.Dose(0.5, 0.41, 0.6, unit)
    assert str(dose) == "about 50% of the pairs (41% to 60%)"
