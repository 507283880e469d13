"""Paths from the image to the words that carry nothing."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import POOR
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import image_path

CASES: dict[str, dict[str, Any]] = {
    "uniform-attention": {
        "validation": sound.looks(rises={"uniform": (0.001, 0.001)}),
    },
    "one-path-cut": {
        "validation": sound.looks(rises={"memory": (0.0, 0.0)}),
    },
    "blind": {
        "validation": sound.looks(rises={n: (0.0, 0.0) for n in sound.RISES}),
        "said": POOR,
    },
    "faint-features": {"data": sound.data(deviation=0.001)},
}


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in image_path.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])


def test_a_captioner_that_was_blind_in_training_alone_is_blind() -> None:
    given = sound.evidence(learning=sound.learning(logged_gap=0.0))
    assert doctor.diagnose(given).named[0].cause.slug == "blind"


def test_a_loss_that_blew_up_is_not_the_image_paths_doing() -> None:
    learning = sound.learning(logged_gap=0.0, last_loss=9.0)
    named = doctor.diagnose(sound.evidence(learning=learning)).named
    assert "blind" not in [each.cause.slug for each in named]
