"""Scenes made by hand and at random, and captions of them."""

import dataclasses
import random

from pipeline.scenes import describe
from pipeline.scenes import words as words_lib
from pipeline.scenes.truth import Scene, SceneObject

CAR = SceneObject("car", "red", "large", "striped", x=60, y=120)
STAR = SceneObject("star", "yellow", "small", "plain", x=170, y=110)
SCENE = Scene("one", "sand", (CAR, STAR))


def random_scene(seed: int) -> Scene:
    rng = random.Random(seed)
    pairs = [(s, c) for s in words_lib.SHAPES for c in words_lib.COLOURS]
    objects = [
        SceneObject(
            shape=shape,
            colour=colour,
            size=rng.choice(words_lib.SIZES),
            texture=rng.choice(words_lib.TEXTURES),
            x=rng.randrange(40, 184),
            y=rng.randrange(40, 184),
        )
        for shape, colour in rng.sample(pairs, rng.randint(1, 3))
    ]
    if len(objects) == 3 and rng.random() < 0.5:
        objects[2] = dataclasses.replace(objects[2], covers=(0,))
        objects[0] = dataclasses.replace(objects[0], visible=rng.random())
    background = rng.choice(words_lib.BACKGROUNDS)
    return Scene(f"scene-{seed}", background, tuple(objects))


SCENES = [random_scene(seed) for seed in range(400)]
CAPTIONS = [
    describe.describe(scene, random.Random(scene.id)) for scene in SCENES
]
