"""Adaptive attention: what the sentinel takes is missing from the places."""

import numpy as np
import tensorflow as tf

from tests.support import shaken
from trainer.captioners import adaptive_attention

SIZES = {"units": 6, "attention_units": 4, "embedding_units": 5}


def test_places_get_what_the_sentinel_leaves() -> None:
    model = shaken.captioner(adaptive_attention.AdaptiveAttention, **SIZES)
    grid, _ = shaken.grids()
    _, looks = model(grid, shaken.tokens())
    looked = tf.reduce_sum(looks, -1).numpy()
    assert (looked > 0).all() and (looked < 1).all()
    assert looked.std() > 1e-3


def test_a_captioner_that_looks_away_says_nothing_of_the_places() -> None:
    """With keys that never win, the context is the sentinel."""
    model = shaken.captioner(adaptive_attention.AdaptiveAttention, **SIZES)
    memory = model.remember(shaken.grids()[0])
    model.attend.score.kernel.assign(tf.fill([4, 1], 30.0))
    model.sentinel_key.bias.assign(tf.fill([4], 30.0))
    never = memory.grid._replace(keys=tf.fill(memory.grid.keys.shape, -30.0))
    away = memory._replace(grid=never)
    other = away._replace(
        grid=never._replace(values=tf.reverse(never.values, [0]))
    )
    state, tokens = model.initial_state(away, 2), shaken.tokens()[:, :, 0]
    logits, looks, _ = model.step(away, state, tokens)
    assert looks.numpy().max() < 1e-6
    again, _, _ = model.step(other, state, tokens)
    np.testing.assert_allclose(again, logits, atol=1e-5)
