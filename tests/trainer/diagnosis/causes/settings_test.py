"""Settings of a training, judged by trials and by the log."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import FLAT, changed, tried
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import settings
from trainer.evaluation.estimate import Estimate

CASES: dict[str, dict[str, Any]] = {
    "rate-too-high": {
        **changed("optimizer", learning_rate=1.0),
        **tried("rate-too-high", 0.0, 1.3),
        **FLAT,
    },
    "updates-too-small": {
        **changed("optimizer", learning_rate=1e-6),
        **tried("updates-too-small", 0.0, 1.3),
        **FLAT,
    },
    "dropout-too-high": {
        **changed("captioner", dropout_rate=0.95),
        **tried("dropout-too-high", 0.1, 1.3),
    },
    "decay-too-high": {
        **changed("optimizer", weight_decay=50.0),
        **tried("decay-too-high", 0.0, 1.3),
        **FLAT,
    },
    "words-hidden": {
        **changed("captioner", word_dropout=0.97),
        **tried("words-hidden", 1.0, 1.3),
        "validation": sound.looks(rises={"words": (0.1, 0.02)}),
    },
    "capacity-too-small": {
        **changed("captioner", units=2),
        **tried("capacity-too-small", 0.1, 1.3),
    },
    "batch-too-small": {
        **changed("batching", batch_images=1),
        "learning": sound.learning(logged_loss=1.6, tokens=5 * 12.2),
        "replayed": 1.6,
    },
    "precision": {"learning": sound.learning(skipped=200.0), **FLAT},
    "overfitting": {
        "learning": sound.learning(end_loss=1.6, passes=60.0),
        "train": sound.looks(loss=Estimate(0.1, 0.01)),
    },
}


@pytest.mark.parametrize("slug", ["rate-too-high", "decay-too-high"])
def test_an_image_that_a_trial_sees_is_hidden_by_the_setting(slug: str) -> None:
    """Saturated units let nothing through, and weights of zero neither."""
    rises = {name: (0.0, 0.0) for name in sound.RISES}
    case = CASES[slug] | {
        "validation": sound.looks(rises=rises),
        "said": sound.POOR,
    }
    first, *others = doctor.diagnose(sound.evidence(**case)).named
    assert first.cause.slug == slug
    blind = next(each for each in others if each.cause.slug == "blind")
    assert blind.follows == slug


@pytest.mark.parametrize("step, named", [(24, True), (300, False)])
def test_few_updates_are_too_few_even_where_passes_are_many(
    step: int, named: bool
) -> None:
    learning = sound.learning(step=step, passes=9.0, last_loss=2.2)
    found = doctor.diagnose(sound.evidence(learning=learning, **FLAT))
    slugs = {each.cause.slug for each in found.named}
    assert ("updates-too-small" in slugs) == named


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in settings.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])


def test_without_a_trial_the_line_to_change_is_told_all_the_same() -> None:
    given = sound.evidence(**changed("captioner", word_dropout=0.97))
    (named,) = doctor.diagnose(given).named
    assert named.opinion.lines == ("ShowAttendTell.word_dropout = 0.0",)


def test_a_schedule_that_leaves_no_rate_is_too_small() -> None:
    found = doctor.diagnose(
        sound.evidence(learning=sound.learning(rate=1e-6), **FLAT)
    )
    first = found.named[0]
    assert first.cause.slug == "updates-too-small"
    assert "AdamW.decay_steps = None" in first.opinion.lines


def test_labels_smoothed_too_much_undo_what_is_learned() -> None:
    found = doctor.diagnose(
        sound.evidence(
            **changed("loss", label_smoothing=0.95),
            **tried("decay-too-high", 0.1, 1.3),
        )
    )
    assert found.named[0].cause.slug == "decay-too-high"


@pytest.mark.parametrize(("units", "rate"), [(128, 0.003), (512, 0.0015)])
def test_a_wider_captioner_is_told_a_smaller_rate(units, rate) -> None:
    given = sound.settings(
        optimizer={"learning_rate": 1.0}, captioner={"units": units}
    )
    (named,) = doctor.diagnose(sound.evidence(settings=given)).named
    assert named.opinion.lines == (f"AdamW.learning_rate = {rate}",)
