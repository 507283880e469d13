"""Verdicts, and causes in their order."""

import dataclasses
from typing import Any

import pytest

from tests.support import evidence as sound
from tests.support.evidence import FLAT, POOR, changed
from trainer.diagnosis import doctor
from trainer.diagnosis.doctor import State
from trainer.diagnosis.evidence import Evidence


def diagnosis(**changes: Any) -> doctor.Diagnosis:
    return doctor.diagnose(sound.evidence(**changes))


def slugs(found: doctor.Diagnosis) -> list[str]:
    return [named.cause.slug for named in found.named]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data": sound.data(images=700, pairing_z=54.0)},
        {"learning": None, "replayed": None},
        {"said": sound.said(mode_share=0.1, reference_mode_share=0.1)},
        changed("captioner", dropout_rate=0.5),
        changed("optimizer", learning_rate=2e-4),
    ],
)
def test_a_sound_run_raises_no_alarm(changes: dict[str, Any]) -> None:
    found = diagnosis(**changes)
    assert found.state == State.HEALTHY
    assert slugs(found) == []
    assert found.headline.startswith("The captioner looks at its images:")


def test_two_causes_are_both_named() -> None:
    found = diagnosis(
        data=sound.data(mode_share=0.6, collision=0.36),
        strange={"words": "vocabulary.tsv is not the run's"},
    )
    assert slugs(found)[:2] == ["other-words", "templated-captions"]
    assert [named.follows for named in found.named[:2]] == ["", ""]


def test_where_two_cannot_be_told_apart_both_are_said() -> None:
    found = diagnosis(data=sound.data(pairing_z=0.3), **FLAT)
    assert slugs(found)[:2] == ["mismatched-pairs", "captions-say-nothing"]
    assert found.named[1].opinion.speaks_against


def test_what_follows_from_a_cause_comes_after_it() -> None:
    found = diagnosis(
        strange={"records": "R is not the record set"},
        data=sound.wrong_pairs(0.6),
    )
    assert slugs(found) == ["other-records", "mismatched-pairs"]
    assert found.named[1].follows == "other-records"


def test_the_dose_of_wrong_pairs_has_an_interval() -> None:
    dose = diagnosis(data=sound.wrong_pairs(0.5)).named[0].opinion.dose
    assert str(dose) == "about 50% of the pairs (45% to 55%)"


def test_a_shift_of_captions_is_named_with_its_number() -> None:
    found = diagnosis(data=sound.data(pairing_z=0.2, lag=-1, lag_z=80.0))
    assert slugs(found)[0] == "mismatched-pairs"
    assert "the image -1 places further" in found.named[0].opinion.speaks_for[0]


def test_a_captioner_that_is_blind_on_purpose_is_no_alarm() -> None:
    found = diagnosis(
        **changed("captioner", uses_image=False),
        validation=sound.looks(rises={n: (0.0, 0.0) for n in sound.RISES}),
        said=POOR,
    )
    assert found.state == State.HEALTHY
    assert found.headline.startswith("The captioner is blind, as its settings")
    assert slugs(found) == ["blind"]


def test_without_a_checkpoint_the_weights_are_named() -> None:
    found = diagnosis(
        step=None,
        strange={"weights": "no checkpoint in runs/a"},
        validation=None,
        train=None,
        said=None,
        disordered=None,
        replayed=None,
    )
    assert found.state == State.COLLAPSED
    assert slugs(found)[0] == "weights-not-restored"


def test_too_little_is_no_verdict() -> None:
    found = diagnosis(
        validation=None, train=None, said=None, data=None, replayed=None
    )
    assert found.state == State.UNKNOWN
    assert found.missing == ("two images of the validation split",)


def test_evidence_is_json() -> None:
    row = sound.evidence().to_json()
    assert row["validation"]["rises"]["image"] == {"mean": 1.87, "error": 0.05}
    assert set(row) == {f.name for f in dataclasses.fields(Evidence)}
