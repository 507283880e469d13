"""Scores before and after stand side by side."""

from typing import Any

from tests.support import evidence as sound
from trainer.diagnosis import doctor
from trainer.diagnosis.comparison import Comparison, Scores


def row(**changes: Any) -> dict[str, Any]:
    """What is in a `diagnosis.json`."""
    given = sound.evidence(**changes)
    found = doctor.diagnose(given)
    return {**found.to_json(), "evidence": given.to_json()}


def test_before_and_after_are_shown_side_by_side() -> None:
    compared = Comparison(
        "runs/a-cured",
        ("AdamW.learning_rate = 0.002",),
        (),
        Scores.of(row(**sound.FLAT)),
        Scores.of(row()),
    )
    assert compared.rows == [
        ("Updates", "300", "300"),
        ("CIDEr-D", "0.30", "3.26"),
        ("At other images", "0.30", "0.35"),
        ("Another image costs", "0.00 nats a token", "1.87 nats a token"),
        ("Most frequent caption", "40.0%", "0.5%"),
    ]
    told = compared.to_json()
    assert told["after"]["cider_d"] == 3.26
    assert told["before"]["headline"].startswith("The captions owe nothing")


def test_what_was_not_measured_is_a_question_mark() -> None:
    scores = Scores.of(row(validation=None, said=None, learning=None))
    assert set(scores.shown.values()) == {"?"}
