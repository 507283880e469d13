"""Merge: words are read without the image, which comes before the output."""

import numpy as np
import tensorflow as tf

from tests.support import shaken
from trainer.captioners import merge


def test_words_are_read_without_the_image() -> None:
    model = shaken.captioner(merge.Merge, units=6, embedding_units=5)
    first, second = shaken.grids()
    states = []
    for grid in (first, second):
        memory = model.remember(grid)
        state = model.initial_state(memory, 2)
        for token in shaken.tokens()[..., :3][0].T:
            tokens = tf.constant([token, token])
            logits, attention, state = model.step(memory, state, tokens)
            assert attention is None
        states.append((state, logits))
    (one, logits), (other, others) = states
    np.testing.assert_array_equal(one.hidden, other.hidden)
    assert np.abs(logits - others).max() > 1e-2


def test_places_are_averaged() -> None:
    model = shaken.captioner(merge.Merge, units=6, embedding_units=5)
    grid, _ = shaken.grids()
    tokens = shaken.tokens()
    turned = tf.reverse(grid, [1])
    np.testing.assert_allclose(
        model(turned, tokens)[0], model(grid, tokens)[0], atol=1e-5
    )
