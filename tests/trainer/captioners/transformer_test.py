"""The Transformer: a cache, positions, and attention of the last layer."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import shaken
from trainer.captioners import transformer

SIZES = {
    "units": 8,
    "heads": 2,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "inner_units": 10,
    "max_length": 7,
}


def test_the_image_is_encoded_once_for_all_hypotheses() -> None:
    model = shaken.captioner(transformer.Transformer, **SIZES)
    memory = model.remember(shaken.grids()[0])
    for part in tf.nest.flatten(memory):
        assert part.shape == (shaken.IMAGES, 2, shaken.LOCATIONS, 4)
    assert len(memory) == 2


def test_no_word_is_seen_before_it_is_said() -> None:
    model = shaken.captioner(transformer.Transformer, **SIZES)
    grid, tokens = shaken.grids()[0], shaken.tokens()
    logits, looks = model(grid, tokens)
    changed = tokens.copy()
    changed[:, :, 3] = 3 + (tokens[:, :, 3] - 2) % 5
    others, looked = model(grid, changed)
    np.testing.assert_allclose(others[:, :, :3], logits[:, :, :3], atol=1e-5)
    np.testing.assert_allclose(looked[:, :, :3], looks[:, :, :3], atol=1e-6)
    assert np.abs(others[:, :, 3:] - logits[:, :, 3:]).min(-1).max() > 1e-3


def test_places_and_words_have_an_order() -> None:
    model = shaken.captioner(transformer.Transformer, **SIZES)
    grid, tokens = shaken.grids()[0], shaken.tokens()
    logits, _ = model(grid, tokens)
    turned, _ = model(tf.reverse(grid, [1]), tokens)
    assert np.abs(turned - logits).max() > 1e-2
    swapped, _ = model(grid, tokens[:, :, [0, 2, 1, 3, 4]])
    assert np.abs(swapped - logits)[:, :, 3:].max() > 1e-2


def test_attention_is_the_mean_over_the_heads_and_sums_to_one() -> None:
    model = shaken.captioner(transformer.Transformer, **SIZES)
    _, looks = model(shaken.grids()[0], shaken.tokens())
    assert looks.shape == (*shaken.tokens().shape, shaken.LOCATIONS)
    np.testing.assert_allclose(tf.reduce_sum(looks, -1), 1, rtol=1e-5)


def test_heads_need_not_divide_the_units() -> None:
    sizes = SIZES | {"units": 9, "heads": 4}
    model = shaken.captioner(transformer.Transformer, **sizes)
    logits, _ = model(shaken.grids()[0], shaken.tokens())
    assert np.isfinite(logits).all()


def test_more_tokens_than_the_cache_holds_are_refused() -> None:
    model = shaken.captioner(
        transformer.Transformer, **(SIZES | {"max_length": 4})
    )
    with pytest.raises(ValueError) as error:
        model(shaken.grids()[0], shaken.tokens())
    assert (
        "`max_length` must be at least the 5 tokens of a caption, got 4"
        in str(error.value)
    )


def test_more_heads_than_units_are_refused() -> None:
    with pytest.raises(ValueError) as error:
        shaken.captioner(transformer.Transformer, **(SIZES | {"heads": 9}))
    assert str(error.value) == "`heads` must be at most `units`, 8, got 9"
