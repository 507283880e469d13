"""Paths from the image to the words that carry nothing."""

from typing import Any

import pytest

from tests.support import diagnoses
from tests.support import evidence as sound
from tests.support.evidence import POOR
from trainer.diagnosis import doctor
from trainer.diagnosis.causes import image_path

CASES: dict[str, dict[str, Any]] = {
    "uniform-attention": {
        "validation": sound.looks(rises={"uniform": (0.001, 0.001)}),
        "train": sound.looks(rises={"uniform": (0.001, 0.001)}),
    },
    "one-path-cut": {
        "validation": sound.looks(rises={"memory": (0.0, 0.0)}),
    },
    "blind": {
        "validation": sound.looks(rises={n: (0.0, 0.0) for n in sound.RISES}),
        "said": POOR,
    },
    "faint-features": {"data": sound.data(deviation=0.001)},
}


def test_every_cause_has_a_case() -> None:
    assert {cause.slug for cause in image_path.CAUSES} == set(CASES)


@pytest.mark.parametrize("slug", CASES)
def test_a_cause_is_named_first_with_evidence_and_cure(slug: str) -> None:
    diagnoses.assert_named_first(slug, CASES[slug])


def test_a_captioner_that_was_blind_in_training_alone_is_blind() -> None:
    given = sound.evidence(learning=sound.learning(logged_gap=0.0))
    assert doctor.diagnose(given).named[0].cause.slug == "blind"


def test_a_loss_that_blew_up_is_not_the_image_paths_doing() -> None:
    learning = sound.learning(logged_gap=0.0, last_loss=9.0)
    named = doctor.diagnose(sound.evidence(learning=learning)).named
    assert "blind" not in [each.cause.slug for each in named]


def test_attention_that_chooses_on_train_images_is_not_uniform() -> None:
    """Of captions at wrong images, none is lost where places are averaged."""
    validation = sound.looks(rises={"uniform": (-0.004, 0.01)})
    assert not doctor.diagnose(sound.evidence(validation=validation)).named


@pytest.mark.parametrize("path", ["memory", "uniform"])
def test_a_captioner_without_attention_may_read_its_image_once(path) -> None:
    rises = {path: (0.0, 0.0)}
    validation = sound.looks(attends=False, rises=rises)
    assert not doctor.diagnose(
        sound.evidence(validation=validation, train=validation)
    ).named


def test_a_query_that_training_did_not_read_is_named_with_both_losses() -> None:
    found = doctor.diagnose(
        sound.evidence(
            validation=sound.looks(rules={"no-query": (-0.013, 0.001)}),
            replayed=0.97,
        )
    )
    assert found.named[0].cause.slug == "uniform-attention"
    (told,) = found.named[0].opinion.speaks_for
    assert told.startswith("the log says 0.9570; these weights give 0.9700")
