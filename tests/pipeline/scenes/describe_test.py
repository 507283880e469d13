"""Descriptions are short, plain, varied and true."""

import dataclasses
import random
import re

import pytest

from pipeline.scenes import describe, judge
from pipeline.scenes import words as words_lib
from pipeline.scenes.truth import Scene
from tests.support.drawn_scenes import (
    CAPTIONS,
    CAR,
    SCENE,
    SCENES,
    STAR,
)


def test_references_are_true_of_their_own_scene() -> None:
    for caption, scene in zip(CAPTIONS, SCENES, strict=True):
        verdict = judge.judge(caption, scene)
        assert verdict.true == verdict.stated > 0, caption
        assert verdict.named > 0, caption


def test_captions_are_short_plain_and_varied() -> None:
    assert all(re.fullmatch(r"[a-z]+(,? [a-z]+)+", each) for each in CAPTIONS)
    assert max(len(each.split()) for each in CAPTIONS) <= words_lib.MAX_WORDS
    assert len(set(CAPTIONS)) > 0.9 * len(CAPTIONS)
    words = {word for each in CAPTIONS for word in re.findall("[a-z]+", each)}
    assert 55 <= len(words) <= 90


def test_description_follows_from_its_generator() -> None:
    draws = [describe.describe(SCENE, random.Random(3)) for _ in range(2)]
    assert draws[0] == draws[1]
    others = {describe.describe(SCENE, random.Random(i)) for i in range(20)}
    assert len(others) > 10


def test_twins_are_told_apart_by_colour() -> None:
    twin = dataclasses.replace(CAR, colour="blue", x=170)
    scene = Scene("twins", "sky", (CAR, twin))
    for seed in range(200):
        caption = describe.describe(scene, random.Random(seed))
        assert caption.count("car") == caption.count("red") + caption.count(
            "blue"
        )


def test_hidden_objects_are_not_mentioned() -> None:
    hidden = dataclasses.replace(STAR, visible=0.2)
    scene = Scene("hidden", "sky", (hidden, CAR))
    for seed in range(50):
        assert "star" not in describe.describe(scene, random.Random(seed))
    with pytest.raises(ValueError, match="'none' has no mentionable object"):
        describe.describe(Scene("none", "sky", (hidden,)), random.Random(0))
