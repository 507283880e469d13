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
