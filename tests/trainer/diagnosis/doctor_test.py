"""Each cause is named first by the evidence that sets it apart."""

import dataclasses
from typing import Any

import pytest

from tests.support import evidence as sound
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import table
from trainer.diagnosis.doctor import State
from trainer.diagnosis.evidence import Estimate, Evidence

UNSEEN = {name: (0.0, 0.001) for name in sound.RISES}
POOR = sound.said(cider_d=0.3, shuffled=0.3, mode_share=0.4)
FLAT = {"validation": sound.looks(rises=UNSEEN), "said": POOR}


def settings(part: str, **values: Any) -> dict[str, Any]:
    return {"settings": sound.settings(**{part: values})}


def trials(slug: str, own: float, changed: float) -> dict[str, Any]:
    made = {"own": sound.trial(own), slug: sound.trial(changed, "A.b = 1")}
    return {"trials": made}


CASES: dict[str, dict[str, Any]] = {
    "weights-not-restored": {
        **FLAT,
        "validation": sound.looks(
            rises=UNSEEN,
            rules={rule: (3.6, 0.02) for rule in sound.RULES},
            loss=Estimate(3.6, 0.02),
        ),
        "replayed": 3.67,
    },
    "other-weights": {
        "strange": {"weights": "checkpoint best/ckpt-1 belongs to another run"},
        "replayed": 1.3,
    },
    "other-words": {"said": sound.said(cider_d=0.21, shuffled=0.2)},
    "other-settings": {"strange": {"captioner": "units: 1 there, 2 now"}},
    "other-records": {"strange": {"records": "R is not the record set"}},
    "search-settings": {
        "strange": {"search": "max_length: 22 in training, 3 now"},
        "said": sound.said(cut=0.9, cider_d=0.6),
    },
    "mismatched-pairs": {"validation": sound.looks(wrong=0.2, worse=0.2)},
    "captions-say-nothing": {
        "data": sound.data(pairing_z=0.3, human=0.2),
        **FLAT,
    },
    "templated-captions": {"data": sound.data(mode_share=0.6, collision=0.36)},
    "too-few-images": {
        "data": sound.data(images=60),
        "train": sound.looks(loss=Estimate(0.1, 0.02)),
    },
    "blank-images": {"data": sound.data(alike=0.5)},
    "alike-features": {"data": sound.data(dispersion=0.0005)},
    "weak-features": {
        **settings("encoder", weights="none"),
        "data": sound.data(pairing_z=11.0),
    },
    "faint-features": {"data": sound.data(deviation=0.001)},
    "grids-of-others": {"data": sound.data(stale=0.4)},
    "unknown-words": {"data": sound.data(unknown={"train": 0.3, "test": 0.3})},
    "split-shift": {
        "data": sound.data(unknown={"train": 0.0, "validation": 0.9}),
        "validation": sound.looks(loss=Estimate(3.0, 0.1)),
    },
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
    "rate-too-high": {
        **settings("optimizer", learning_rate=1.0),
        **trials("rate-too-high", 0.0, 1.3),
        **FLAT,
    },
    "updates-too-small": {
        **settings("optimizer", learning_rate=1e-6),
        **trials("updates-too-small", 0.0, 1.3),
        **FLAT,
    },
    "dropout-too-high": {
        **settings("captioner", dropout_rate=0.95),
        **trials("dropout-too-high", 0.1, 1.3),
    },
    "decay-too-high": {
        **settings("optimizer", weight_decay=50.0),
        **trials("decay-too-high", 0.0, 1.3),
        **FLAT,
    },
    "words-hidden": {
        **settings("captioner", word_dropout=0.97),
        **trials("words-hidden", 1.0, 1.3),
        "validation": sound.looks(rises={"words": (0.1, 0.02)}),
    },
    "capacity-too-small": {
        **settings("captioner", units=2),
        **trials("capacity-too-small", 0.1, 1.3),
    },
    "precision": {"learning": sound.learning(skipped=200.0), **FLAT},
    "overfitting": {
        "learning": sound.learning(end_loss=1.6, passes=60.0),
        "train": sound.looks(loss=Estimate(0.1, 0.01)),
    },
}


def diagnosis(**changes: Any) -> doctor.Diagnosis:
    return doctor.diagnose(sound.evidence(**changes))


def slugs(found: doctor.Diagnosis) -> list[str]:
    return [named.cause.slug for named in found.named]


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in table.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    found = diagnosis(**CASES[slug])
    assert slugs(found)[0] == slug
    first = found.named[0]
    assert first.opinion.speaks_for and first.opinion.cure
    assert found.state in (State.COLLAPSED, State.SUSPICIOUS)
    row = first.to_json()
    assert row["cause"] == slug and row["strength"] >= doctor.ALARM


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data": sound.data(images=700, pairing_z=54.0)},
        {"learning": None, "replayed": None},
        {"said": sound.said(mode_share=0.1, reference_mode_share=0.1)},
        settings("captioner", dropout_rate=0.5),
        settings("optimizer", learning_rate=2e-4),
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
        validation=sound.looks(wrong=0.3, worse=0.3),
    )
    assert slugs(found) == ["other-records", "mismatched-pairs"]
    assert found.named[1].follows == "other-records"


@pytest.mark.parametrize(
    ("wrong", "low", "high"), [(0.125, 0.16, 0.4), (0.25, 0.36, 0.67)]
)
def test_the_dose_of_wrong_pairs_has_an_interval(
    wrong: float, low: float, high: float
) -> None:
    dose = diagnosis(validation=sound.looks(wrong=wrong)).named[0].opinion.dose
    assert dose is not None
    assert dose.value == 2 * wrong
    assert dose.low == pytest.approx(low, abs=0.03)
    assert dose.high == pytest.approx(high, abs=0.03)
    assert str(dose).startswith(f"about {2 * wrong:.0%} of the pairs (")


def test_a_shift_of_captions_is_named_with_its_number() -> None:
    found = diagnosis(data=sound.data(pairing_z=0.2, lag=-1, lag_z=80.0))
    assert slugs(found)[0] == "mismatched-pairs"
    assert "the image -1 places further" in found.named[0].opinion.speaks_for[0]


def test_a_captioner_that_is_blind_on_purpose_is_no_alarm() -> None:
    found = diagnosis(
        **settings("captioner", uses_image=False),
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
        said_train=None,
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
