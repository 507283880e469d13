"""Faults of the images and their grids, told apart."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import changed
from trainer.diagnosis.causes import pictures

CASES: dict[str, dict[str, Any]] = {
    "blank-images": {"data": sound.data(alike=0.5)},
    "alike-features": {"data": sound.data(dispersion=0.0005)},
    "grids-of-others": {"data": sound.data(stale=0.4)},
    "weak-features": {
        **changed("encoder", weights="none"),
        "data": sound.data(pairing_z=11.0),
    },
}


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in pictures.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])


def test_grids_of_others_that_do_not_show_are_counted_too() -> None:
    causes = {cause.slug: cause for cause in pictures.CAUSES}
    evidence = sound.evidence(data=sound.data(stale=0.4))
    opinion = causes["grids-of-others"].judge(evidence)
    assert opinion
    assert str(opinion.dose).startswith("about 80% of the images (")
