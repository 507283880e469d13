"""Settings of what happens between steps."""

import pytest

from trainer.loop.cadence import Cadence


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps_per_call": 0}, "`steps_per_call` must be positive, got 0"),
        (
            {"profile_steps": (9, 9)},
            r"`profile_steps` must be the first .* the last, got \(9, 9\)",
        ),
    ],
)
def test_cadence_refuses_what_would_fail_later(settings, message):
    with pytest.raises(ValueError, match=message):
        Cadence(**settings)


def test_the_best_is_the_lowest_where_it_is_picked_by_loss() -> None:
    by_loss, by_score = (
        Cadence().patient(lower=lower) for lower in (True, False)
    )
    for score, better in ((2.0, True), (3.0, False), (1.0, True)):
        assert by_loss.improves(score) == better
    for score, better in ((2.0, True), (3.0, True), (1.0, False)):
        assert by_score.improves(score) == better


def test_what_makes_scores_comparable_is_named() -> None:
    assert Cadence(validation_images=7, patience=9).selection == {
        "select_by": "cider_d",
        "validation_split": "validation",
        "validation_images": 7,
    }
