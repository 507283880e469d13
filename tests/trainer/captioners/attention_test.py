"""Additive attention against its formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.captioners import attention


@pytest.fixture
def layer() -> attention.AdditiveAttention:
    keras.utils.set_random_seed(1)
    made = attention.AdditiveAttention(5)
    made.build(query_depth=3, units=5)
    return made


@pytest.fixture
def inputs() -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Query, keys, values of 2 images, 3 hypotheses and 4 locations."""
    return (
        tf.random.stateless_normal([2, 3, 3], [1, 1]),
        tf.random.stateless_normal([2, 4, 5], [1, 2]),
        tf.random.stateless_normal([2, 4, 6], [1, 3]),
    )


def test_matches_the_formula(layer, inputs):
    query, keys, values = (part.numpy() for part in inputs)
    kernel, bias = (v.numpy() for v in layer.query.trainable_variables)
    (score,) = (v.numpy() for v in layer.score.trainable_variables)
    context, weights = layer(*inputs)
    for image in range(2):
        for row in range(3):
            hidden = np.tanh(keys[image] + query[image, row] @ kernel + bias)
            raw = np.exp(hidden @ score[:, 0])
            expected = raw / raw.sum()
            np.testing.assert_allclose(weights[image, row], expected, rtol=1e-5)
            np.testing.assert_allclose(
                context[image, row], expected @ values[image], rtol=1e-4
            )


def test_weights_sum_to_one(layer, inputs):
    _, weights = layer(*inputs)
    np.testing.assert_allclose(tf.reduce_sum(weights, -1), 1, rtol=1e-6)


def test_hypotheses_do_not_see_each_other(layer, inputs):
    query, keys, values = inputs
    context, weights = layer(query, keys, values)
    alone, weights_alone = layer(query[:, 1:2], keys, values)
    np.testing.assert_allclose(context[:, 1:2], alone, rtol=1e-5)
    np.testing.assert_allclose(weights[:, 1:2], weights_alone, rtol=1e-5)


def test_softmax_stays_float32_in_mixed_precision(inputs):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = attention.AdditiveAttention(5)
        layer.build(query_depth=3, units=5)
    finally:
        keras.config.set_dtype_policy("float32")
    context, weights = layer(*(tf.cast(x, tf.bfloat16) for x in inputs))
    assert (context.dtype, weights.dtype) == (tf.bfloat16, tf.float32)
    np.testing.assert_allclose(tf.reduce_sum(weights, -1), 1, rtol=1e-6)
