"""Captions alone: three public reports, and what stays unknown."""

import random

import pytest

from trainer.diagnosis import outputs
from trainer.diagnosis.caption_results import Results
from trainer.diagnosis.doctor import Diagnosis, State

COLOURS = "red blue green white black grey pink brown".split()
THINGS = "dog cat house boat tree car bird horse".split()
PLACES = "grass sand snow street beach field hill lake".split()


def sound(count: int = 120) -> Results:
    draw = random.Random(0)
    kinds = [
        (draw.choice(COLOURS), draw.choice(THINGS), draw.choice(PLACES))
        for _ in range(count)
    ]
    return Results(
        [str(number) for number in range(count)],
        [[f"a {c} {t} on the {p}"] for c, t, p in kinds],
        [
            [f"a {c} {t} in the {p}", f"the {t} on a {p} is {c}"]
            for c, t, p in kinds
        ],
    )


def diagnose(captions: list[str] | None = None, count: int = 120) -> Diagnosis:
    given = sound(count)
    sets = [[text] for text in captions] if captions else given.sets
    changed = Results(given.image_ids, sets, given.references)
    return outputs.diagnose(outputs.measure(changed))


def first(found: Diagnosis) -> str:
    return found.named[0].cause.slug


def test_sound_captions_raise_no_alarm() -> None:
    found = diagnose()
    assert found.state == State.HEALTHY and not found.named
    assert found.headline.startswith("The captions fit their images: CIDEr-D")
    assert "data, training, weights" in found.missing[0]


def test_all_words_unknown_is_a_vocabulary_that_was_cut() -> None:
    """A report: --min_count above every count leaves <unk> alone."""
    found = diagnose(["<unk> <unk> <unk>"] * 120)
    assert found.state == State.COLLAPSED
    slugs = [named.cause.slug for named in found.named]
    assert slugs[:2] == ["unknown-words", "one-caption"]
    assert str(found.named[0].opinion.dose).startswith("100% of the captions")


@pytest.mark.parametrize("beams", [2, 3, 5])
def test_beams_that_were_expanded_twice_are_named(beams: int) -> None:
    """A report: image i gets the caption of image i / 3."""
    captions = list(sound().captions)
    found = diagnose([captions[n // beams] for n in range(120)])
    assert first(found) == "batch-or-state"
    (told,) = found.named[0].opinion.speaks_for
    assert told.startswith(f"captions of image i / {beams} at image i score")


def test_words_of_another_order_fit_no_image() -> None:
    """A report: the vocabulary was built anew, in another order."""
    words = [*COLOURS, *THINGS, *PLACES]
    moved = dict(zip(words, random.Random(1).sample(words, 24), strict=True))
    captions = [
        " ".join(moved.get(word, word) for word in text.split())
        for text in sound().captions
    ]
    found = diagnose(captions)
    assert first(found) == "other-words-or-pairs"
    assert found.state == State.COLLAPSED


@pytest.mark.parametrize("shift", [-2, 1])
def test_a_shift_is_named(shift: int) -> None:
    captions = list(sound().captions)
    moved = [captions[(n + shift) % 120] for n in range(120)]
    found = diagnose(moved)
    assert first(found) == "batch-or-state"
    assert (
        f"the image {shift:+d} places" in found.named[0].opinion.speaks_for[0]
    )


def test_one_caption_and_empty_captions_are_told() -> None:
    captions = list(sound().captions)
    found = diagnose(captions[:60] + [captions[0]] * 40 + [""] * 20)
    slugs = [named.cause.slug for named in found.named]
    assert {"one-caption", "search-settings"} <= set(slugs)
    assert found.state == State.SUSPICIOUS


def test_few_captions_are_too_few() -> None:
    found = diagnose(count=19)
    assert found.state == State.UNKNOWN
    assert found.headline.startswith("19 captions are too few to tell")
