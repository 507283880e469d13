"""Show and Tell: the image is read once, before the first word."""

import numpy as np

from tests.support import shaken
from trainer.captioners import show_tell


def test_the_image_is_read_before_the_first_word_alone() -> None:
    model = shaken.captioner(show_tell.ShowTell, units=6, embedding_units=5)
    first, second = map(model.remember, shaken.grids())
    state = model.initial_state(first, 2)
    tokens = shaken.tokens()[:, :, 0]
    logits, attention, _ = model.step(first, state, tokens)
    again, _, _ = model.step(second, state, tokens)
    np.testing.assert_array_equal(again, logits)
    assert attention is None
    other, _, _ = model.step(second, model.initial_state(second, 2), tokens)
    assert np.abs(other - logits).max() > 1e-2


def test_the_image_is_read_as_a_word_is() -> None:
    """Its embedding, said as a word by an LSTM that has read nothing."""
    model = shaken.captioner(show_tell.ShowTell, units=6, embedding_units=5)
    image = model.remember(shaken.grids()[0])
    gates = model.word_in(image).numpy()
    write, _, new, show = (
        1 / (1 + np.exp(-part)) if number != 2 else np.tanh(part)
        for number, part in enumerate(np.split(gates, 4, axis=-1))
    )
    state = model.initial_state(image, 3)
    np.testing.assert_allclose(state.cell[:, 1], write * new, atol=1e-6)
    np.testing.assert_allclose(
        state.hidden[:, 2], show * np.tanh(write * new), atol=1e-6
    )
