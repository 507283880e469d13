"""Attention of many heads, and layers that read word by word."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.captioners import transformer_layers as layers


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    keras.utils.set_random_seed(1)


def drawn(*shape: int) -> tf.Tensor:
    draw = np.random.default_rng(len(shape))
    return tf.constant(draw.normal(size=shape), tf.float32)


def test_heads_attend_as_one_by_one() -> None:
    query, keys, values = (drawn(2, 3, places, 4) for places in (5, 6, 6))
    context, weights = layers.attend(query, keys, values)
    for head in range(3):
        scores = query[:, head] @ tf.transpose(keys[:, head], [0, 2, 1]) / 2
        expected = tf.nn.softmax(scores)
        np.testing.assert_allclose(weights[:, head], expected, atol=1e-6)
        np.testing.assert_allclose(
            context[..., 4 * head : 4 * head + 4],
            expected @ values[:, head],
            atol=1e-5,
        )


def test_parts_and_heads_come_back_joined() -> None:
    features = drawn(2, 5, 3 * 2 * 4)
    parts = layers.split(features, 3, 2)
    assert [part.shape for part in parts] == [(2, 2, 5, 4)] * 3
    np.testing.assert_array_equal(
        tf.concat([layers.join(part) for part in parts], -1), features
    )


def test_a_word_more_is_read_as_in_the_whole_caption() -> None:
    mix = layers.SelfAttention(8, 2, 0, "mix")
    words = drawn(2, 3, 5, 8)
    whole = mix(words, causal=True)
    cache = tf.zeros([2, 3, 2, 2, 6, 4])
    for place in range(5):
        hidden = tf.range(6) < 5 - place
        new, cache = mix.extend(
            words[:, :, place], cache, hidden[None, None, None, None]
        )
        np.testing.assert_allclose(new, whole[:, :, place], atol=1e-5)


def test_captions_of_an_image_look_by_themselves() -> None:
    look = layers.CrossAttention(8, 2, 0, "look")
    memory = look.remember(drawn(2, 9, 8))
    words = drawn(2, 3, 5, 8)
    new, looks = look(words, memory)
    alone, looked = look(words[:, 1:2, 3:4], memory)
    np.testing.assert_allclose(alone[:, 0, 0], new[:, 1, 3], atol=1e-5)
    np.testing.assert_allclose(looked[:, 0, 0], looks[:, 1, 3], atol=1e-6)


def test_softmax_is_in_float32_under_mixed_precision() -> None:
    query = tf.cast(drawn(1, 1, 2, 4), tf.bfloat16)
    context, weights = layers.attend(query, query, query)
    assert weights.dtype == tf.float32 and context.dtype == tf.bfloat16
