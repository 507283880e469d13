"""Whether captions belong to their images, and tell of them, told apart."""

import dataclasses
from typing import Any

import pytest

from pipeline.card.facts import PairFacts
from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import FLAT
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import pairs

CASES: dict[str, dict[str, Any]] = {
    "mismatched-pairs": {"data": sound.wrong_pairs(0.5)},
    "captions-say-nothing": {
        "data": sound.data(pairing_z=0.3, human=0.2),
        **FLAT,
    },
}


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in pairs.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])


def test_pairs_that_a_captioner_cannot_judge_are_judged_by_the_records() -> (
    None
):
    """Where three in four are wrong, it learns to look too little."""
    given = sound.evidence(
        data=sound.data(pairing_z=6.0, pairs=PairFacts(1200, 0.75, 0.7, 0.8)),
        **FLAT,
    )
    first = doctor.diagnose(given).named[0]
    assert first.cause.slug == "mismatched-pairs"
    assert first.opinion.dose is not None
    assert str(first.opinion.dose) == "about 75% of the pairs (70% to 80%)"


def test_an_untrained_encoder_looks_like_wrong_pairs() -> None:
    data = dataclasses.replace(
        sound.wrong_pairs(0.5), pairing_z=8.0, untrained=True
    )
    named = doctor.diagnose(sound.evidence(data=data)).named
    assert [each.cause.slug for each in named] == [
        "weak-features",
        "mismatched-pairs",
    ]
    assert "the encoder is not trained" in named[1].opinion.speaks_against[0]
    # Nearly every pair would be listed.
    assert not any("drop_pairs" in line for line in named[1].opinion.lines)
