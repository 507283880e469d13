"""Small captioners with weights far from their first ones, and their inputs."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import contract

IMAGES, LOCATIONS, DEPTH, WORDS, LENGTH = 2, 9, 6, 12, 5


def captioner(
    make: Callable[..., contract.Captioner],
    *,
    locations: int = LOCATIONS,
    **settings: Any,
) -> contract.Captioner:
    """Makes one of few units; always the same."""
    keras.utils.set_random_seed(1)
    model = make(
        vocabulary_size=WORDS,
        locations=locations,
        depth=DEPTH,
        log_unigram=np.full(WORDS, -np.log(WORDS), np.float32),
        **settings,
    )
    draw = np.random.default_rng(5)
    for variable in model.trainable_variables:
        variable.assign_add(draw.normal(scale=0.4, size=variable.shape))
    return model


def grids() -> tuple[tf.Tensor, tf.Tensor]:
    """Two different grids of two images, [images, locations, depth]."""
    draw = np.random.default_rng(4).normal(size=[2, IMAGES, LOCATIONS, DEPTH])
    first, second = tf.constant(draw, tf.float32)
    return first, second


def tokens() -> np.ndarray:
    """Two captions of two images, int32 [images, captions, length]."""
    draw = np.random.default_rng(6)
    said = draw.integers(vocabulary.END, WORDS, [IMAGES, 2, LENGTH])
    said[..., 0] = vocabulary.START
    return said.astype(np.int32)
