"""Words, weights, settings and searches that are not the run's."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import FLAT, UNSEEN
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import not_the_runs
from trainer.evaluation.estimate import Estimate

CASES: dict[str, dict[str, Any]] = {
    "weights-not-restored": {
        **FLAT,
        "validation": sound.looks(
            rises=UNSEEN,
            rules={rule: (0.01, 0.02) for rule in sound.RULES},
            loss=Estimate(3.6, 0.02),
        ),
        "replayed": 3.67,
    },
    "other-weights": {
        "strange": {"weights": "checkpoint best/ckpt-1 belongs to another run"},
        "replayed": 1.3,
    },
    "other-words": {"said": sound.said(cider_d=0.21, shuffled=0.2)},
    "batch-or-state": {"disordered": 0.5},
    "other-settings": {
        "strange": {"captioner": "units: 1 there, 2 now"},
        "own": {"captioner": ("ShowAttendTell.units = 1",)},
    },
    "other-records": {"strange": {"records": "R is not the record set"}},
    "search-settings": {
        "strange": {"search": "max_length: 22 in training, 3 now"},
        "own": {"search": ("Search.max_length = 22",)},
        "said": sound.said(cut=0.9, cider_d=0.6),
    },
}


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in not_the_runs.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])


def test_captions_that_were_as_poor_in_training_are_no_other_words() -> None:
    given = sound.evidence(
        said=sound.said(cider_d=0.21, shuffled=0.2),
        learning=sound.learning(logged_cider_d=0.25),
    )
    named = doctor.diagnose(given).named
    assert "other-words" not in [each.cause.slug for each in named]
