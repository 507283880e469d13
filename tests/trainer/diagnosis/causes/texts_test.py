"""Faults of the captions and of how many there are, told apart."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import texts
from trainer.evaluation.estimate import Estimate

CASES: dict[str, dict[str, Any]] = {
    "templated-captions": {"data": sound.data(mode_share=0.6, collision=0.36)},
    "split-shift": {
        "data": sound.data(unknown={"train": 0.0, "validation": 0.9}),
        "validation": sound.looks(loss=Estimate(3.0, 0.1)),
    },
    "unknown-words": {"data": sound.data(unknown={"train": 0.3, "test": 0.3})},
    "too-few-images": {
        "data": sound.data(images=60),
        "train": sound.looks(loss=Estimate(0.1, 0.02)),
    },
}


def test_words_that_any_held_out_image_would_lack_are_no_shift() -> None:
    few = sound.data(
        images=84, unknown={"train": 0.0, "validation": 0.18}, own_words=0.16
    )
    evidence = sound.evidence(data=few)
    slugs = {each.cause.slug for each in doctor.diagnose(evidence).named}
    assert "split-shift" not in slugs and "too-few-images" in slugs


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in texts.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])
