"""Padding that counts, endings that are missing, answers that are seen."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import POOR
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import targets
from trainer.evaluation.estimate import Estimate

CASES: dict[str, dict[str, Any]] = {
    "padding-in-loss": {"learning": sound.learning(tokens=32 * 5 * 22.0)},
    "end-not-learned": {"data": sound.data(cut=0.9)},
    "target-leak": {
        "learning": sound.learning(logged_loss=0.01),
        "validation": sound.looks(
            rules={"unshifted": (-4.988, 0.1)}, loss=Estimate(5.0, 0.1)
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


@pytest.mark.parametrize(
    ("tokens", "slug"),
    [(22.0, "padding-in-loss"), (11.2, "end-not-learned"), (12.2, "")],
)
def test_what_counts_is_compared_with_the_records(tokens, slug) -> None:
    found = doctor.diagnose(
        sound.evidence(learning=sound.learning(tokens=32 * 5 * tokens))
    )
    assert [each.cause.slug for each in found.named] == [slug][: bool(slug)]


def test_where_captions_fill_the_limit_no_padding_counts() -> None:
    found = doctor.diagnose(
        sound.evidence(
            learning=sound.learning(tokens=32 * 5 * 21.9),
            data=sound.data(tokens=21.9),
        )
    )
    assert not found.named
