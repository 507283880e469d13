"""Faults of the images and their grids, told apart."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import FLAT, UNSEEN
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import pictures
from trainer.diagnosis.stored_grids import StoredGrids

CASES: dict[str, dict[str, Any]] = {
    "blank-images": {"data": sound.data(alike=0.5)},
    "alike-features": {"data": sound.data(dispersion=0.0005)},
    "grids-of-others": {
        "data": sound.data(grids=StoredGrids(64, 0.4, "7", 0.0))
    },
    "prepared-otherwise": {
        "data": sound.data(grids=StoredGrids(64, 0.2, "7", 1.0))
    },
    "weak-features": {"data": sound.data(untrained=True, pairing_z=11.0)},
}


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in pictures.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])


def test_grids_of_others_that_do_not_show_are_counted_too() -> None:
    causes = {cause.slug: cause for cause in pictures.CAUSES}
    evidence = sound.evidence(**CASES["grids-of-others"])
    opinion = causes["grids-of-others"].judge(evidence)
    assert opinion
    assert str(opinion.dose).startswith("about 80% of the images (")


def test_an_encoder_of_another_format_is_told() -> None:
    causes = {cause.slug: cause for cause in pictures.CAUSES}
    grids = StoredGrids(64, 0.0, "7", 0.0, "image_size 224 -> 192")
    evidence = sound.evidence(data=sound.data(grids=grids))
    opinion = causes["prepared-otherwise"].judge(evidence)
    assert opinion and opinion.speaks_for == ("image_size 224 -> 192",)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"data": sound.data(dispersion=0.019)}, "images differ by 1.9%"),
        (
            {
                **FLAT,
                "train": sound.looks(rises=UNSEEN),
                "trials": {"own": sound.trial(1.7)},
            },
            "a fresh captioner learns 32 images by heart",
        ),
    ],
)
def test_features_are_weak_by_what_they_do(changes, told) -> None:
    found = doctor.diagnose(sound.evidence(**changes))
    (named,) = found.named
    assert named.cause.slug == "weak-features" and named.strength >= 0.5
    assert named.opinion.speaks_for[0].startswith(told)
