"""Up-down: the first LSTM looks by the word, the second says what is seen."""

import numpy as np
import tensorflow as tf

from tests.support import shaken
from trainer.captioners import up_down

SIZES = {"units": 6, "attention_units": 4, "embedding_units": 5}


def test_the_word_that_is_read_decides_where_to_look() -> None:
    model = shaken.captioner(up_down.UpDown, **SIZES)
    memory = model.remember(shaken.grids()[0])
    state = model.initial_state(memory, 2)
    _, looks, _ = model.step(memory, state, tf.constant([[3, 4], [3, 4]]))
    np.testing.assert_allclose(tf.reduce_sum(looks, -1), 1, rtol=1e-5)
    assert np.abs(looks[:, 0] - looks[:, 1]).max() > 1e-3


def test_what_is_looked_at_reaches_the_language_alone() -> None:
    """The attention LSTM sees the mean of the grid, whatever is looked at."""
    model = shaken.captioner(up_down.UpDown, **SIZES)
    memory = model.remember(shaken.grids()[0])
    blank = memory._replace(
        grid=memory.grid._replace(values=tf.zeros_like(memory.grid.values))
    )
    state, tokens = model.initial_state(memory, 2), shaken.tokens()[:, :, 0]
    _, _, seen = model.step(memory, state, tokens)
    _, _, unseen = model.step(blank, state, tokens)
    np.testing.assert_array_equal(seen.attention.cell, unseen.attention.cell)
    assert np.abs(seen.language.cell - unseen.language.cell).max() > 1e-3
