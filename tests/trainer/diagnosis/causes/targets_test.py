"""Padding that counts, endings that are missing, answers that are seen."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import POOR
from trainer.diagnosis.causes import targets
from trainer.evaluation.estimate import Estimate

CASES: dict[str, dict[str, Any]] = {
    "padding-in-loss": {"learning": sound.learning(tokens=32 * 5 * 22.0)},
    "end-not-learned": {"data": sound.data(cut=0.9)},
    "target-leak": {
        "learning": sound.learning(logged_loss=0.01),
        "validation": sound.looks(
            rules={"unshifted": (0.012, 0.001)}, loss=Estimate(5.0, 0.1)
        ),
        "replayed": 5.0,
        "said": POOR,
    },
}


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in targets.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])
