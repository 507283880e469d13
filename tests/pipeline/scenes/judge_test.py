"""Statements of captions are counted as true or false."""

import dataclasses
import random

import pytest

from pipeline.scenes import describe, judge
from pipeline.scenes.judge import AttributeCounts, Verdict
from pipeline.scenes.truth import Scene
from tests.support.drawn_scenes import (
    CAPTIONS,
    CAR,
    SCENE,
    SCENES,
    STAR,
)


def counted(captions: list[str], scenes: list[Scene]) -> AttributeCounts:
    total = AttributeCounts()
    for caption, scene, own in zip(captions, scenes, SCENES, strict=False):
        reference = describe.describe(own, random.Random(own.id))
        total += AttributeCounts.from_caption(
            caption, scene, references=[reference]
        )
    return total


def test_references_are_false_of_other_scenes() -> None:
    own, other = counted(CAPTIONS, SCENES), counted(CAPTIONS[1:], SCENES)
    assert own.precision == own.recall == 1.0
    assert other.precision < 0.2


@pytest.mark.parametrize("caption", ["a red car", "a car", "a car at night"])
def test_constant_captions_score_low(caption: str) -> None:
    assert counted([caption] * len(SCENES), SCENES).precision < 0.35


@pytest.mark.parametrize(
    ("caption", "stated", "true", "named"),
    [
        ("", 0, 0, 0),
        ("an unheard of <unk> thing .", 0, 0, 0),
        ("a red car", 2, 2, 1),
        ("There is a BIG striped red car, on the sand", 5, 5, 1),
        ("a red car and a little yellow star", 5, 5, 2),
        ("a blue car", 2, 1, 0),
        ("a red boat", 2, 0, 0),
        ("a red red car", 2, 2, 1),
        ("a red blue car", 3, 2, 0),
        ("a red car and a red car", 4, 2, 1),
        ("car star red", 3, 2, 2),
        ("a large red", 2, 0, 0),
        ("a red a car", 2, 1, 1),
        ("on the sand", 1, 1, 0),
        ("on a sandy beach", 1, 1, 0),
        ("on the sand in the snow", 2, 1, 0),
        ("a car left of a star", 3, 3, 2),
        ("a car is to the left of a star", 3, 3, 2),
        ("a car right of a star", 3, 2, 2),
        ("a star right of a car", 3, 3, 2),
        ("a car above a star", 3, 2, 2),
        ("a car in front of a star", 3, 2, 2),
        ("a car left of a house", 3, 1, 1),
        ("a car left of", 2, 1, 1),
        ("left of left of a car", 2, 1, 1),
    ],
)
def test_verdict(caption: str, stated: int, true: int, named: int) -> None:
    assert judge.judge(caption, SCENE) == Verdict(stated, true, named)


def test_phrases_are_matched_so_that_most_holds() -> None:
    twin = dataclasses.replace(CAR, colour="blue", x=170)
    scene = Scene("twins", "sky", (CAR, twin))
    assert judge.judge("a blue car and a red car", scene).named == 2
    assert judge.judge("a car and a red car", scene).named == 2
    assert judge.judge("a car right of a car", scene) == Verdict(3, 3, 2)


def test_endless_repetition_is_judged() -> None:
    twin = dataclasses.replace(CAR, colour="blue", x=170)
    scene = Scene("twins", "sky", (CAR, twin, STAR))
    verdict = judge.judge("a red car left of " * 2000, scene)
    assert verdict.stated == 3 * 2000
    assert verdict.named == 1


def test_hidden_objects_may_be_named_but_do_not_count() -> None:
    scene = Scene(
        "hidden", "sky", (dataclasses.replace(STAR, visible=0.2), CAR)
    )
    assert judge.judge("a yellow star", scene) == Verdict(2, 2, 0)


def test_counts_merge_and_divide() -> None:
    references = ["a red car", "a red car and a yellow star"]
    good = AttributeCounts.from_caption(
        "a red car and a blue star", SCENE, references=references
    )
    assert good == AttributeCounts(stated=4, true=3, named=1, expected=1.5)
    more = AttributeCounts.from_caption(
        "a red car and a yellow star", SCENE, references=references
    )
    assert more.named == 1.5
    total = good + more
    assert total == more + good
    assert total.precision == 7 / 8
    assert total.recall == 2.5 / 3.0


def test_nothing_stated_scores_nothing() -> None:
    silent = AttributeCounts.from_caption("", SCENE, references=["a car"])
    assert silent.precision == silent.recall == 0.0
    assert AttributeCounts().recall == 0.0
    with pytest.raises(ValueError, match="image 'one' has no references"):
        AttributeCounts.from_caption("a car", SCENE, references=[])
