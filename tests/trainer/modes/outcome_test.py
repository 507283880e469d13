"""What a mode says ends well unless it says otherwise."""

from trainer.modes.outcome import Outcome


def test_an_outcome_is_good_by_itself() -> None:
    assert Outcome("done").exit_code == 0
    assert Outcome("collapsed", 3).exit_code == 3
