"""Each object looks like itself, and hides what it covers."""

import random

import numpy as np
import pytest

from pipeline.scenes import objects, truth, words


def thing(**changes):
    given = {
        "shape": "ball",
        "colour": "red",
        "size": "large",
        "texture": "plain",
        "x": 112,
        "y": 112,
    }
    return truth.SceneObject(**{**given, **changes})


def painted(**changes):
    return objects.sprite(thing(**changes), random.Random(1))


def area(sprite):
    return int((np.asarray(sprite.silhouette()) > 127).sum())


@pytest.mark.parametrize("shape", words.SHAPES)
def test_a_large_object_covers_more_than_a_small_one(shape):
    small = area(painted(shape=shape, size="small"))
    assert area(painted(shape=shape, size="large")) > 1.8 * small > 1000


def test_every_shape_has_its_own_silhouette():
    masks = {
        np.asarray(painted(shape=shape).silhouette()).tobytes()
        for shape in words.SHAPES
    }
    assert len(masks) == len(words.SHAPES)


@pytest.mark.parametrize(
    ("colour", "channel"), [("red", 0), ("green", 1), ("blue", 2)]
)
def test_an_object_has_its_colour(colour, channel):
    sprite = painted(colour=colour)
    inside = np.asarray(sprite.mask) > 250
    mean = np.asarray(sprite.picture)[inside].mean(axis=0)
    assert mean.argmax() == channel


def test_textures_differ_inside_the_same_outline():
    pictures = [painted(texture=name) for name in words.TEXTURES]
    assert len({p.mask.tobytes() for p in pictures}) == 1
    assert len({p.picture.tobytes() for p in pictures}) == 3


def test_what_lies_in_front_hides_what_lies_behind():
    scene = truth.Scene("s", "sky", (thing(x=100), thing(x=150)))
    drawn = [objects.sprite(one, random.Random(1)) for one in scene.objects]
    behind, front = objects.measured(scene, drawn).objects
    assert 0.2 < behind.visible < 0.9
    assert (front.visible, front.covers, behind.covers) == (1.0, (0,), ())
