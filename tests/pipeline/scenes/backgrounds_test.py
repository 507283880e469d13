"""Backgrounds differ from each other, and repeat from a seed."""

import random

import numpy as np
import pytest

from pipeline.scenes import backgrounds, words


def backdrop(name, seed=1):
    return np.asarray(backgrounds.backdrop(name, random.Random(seed)), int)


@pytest.mark.parametrize("name", words.BACKGROUNDS)
def test_a_background_repeats_from_its_seed_alone(name):
    side = words.IMAGE_SIDE
    assert backdrop(name).shape == (side, side, 3)
    assert (backdrop(name) == backdrop(name)).all()
    assert (backdrop(name) != backdrop(name, seed=2)).any()


def test_backgrounds_are_far_apart():
    pictures = [backdrop(name) for name in words.BACKGROUNDS]
    for number, one in enumerate(pictures):
        for other in pictures[number + 1 :]:
            assert np.abs(one - other).mean() > 10


def test_the_lens_darkens_corners_and_adds_noise():
    canvas = backgrounds.backdrop("snow", random.Random(1))
    seen = backgrounds.photographed(canvas, random.Random(2))
    before, after = np.asarray(canvas, float), np.asarray(seen, float)
    centre = (after / before)[96:128, 96:128].mean()
    assert (after / before)[:16, :16].mean() < centre
    assert np.abs(after - before).std() > 0.5
