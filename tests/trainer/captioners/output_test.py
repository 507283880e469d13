"""The output begins at the unigram model, its matrix its own or shared."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import shaken
from trainer import configurable
from trainer.captioners import contract, output, transformer

LOG_UNIGRAM = np.log([0.5, 0.3, 0.2]).astype(np.float32)
UNITS = 64


@pytest.fixture
def embed() -> keras.layers.Embedding:
    layer = keras.layers.Embedding(len(LOG_UNIGRAM), UNITS)
    layer.build([None])
    return layer


def features() -> tf.Tensor:
    draw = np.random.default_rng(4).normal(size=[100, 2, UNITS])
    return tf.constant(draw, tf.float32)


def made(
    make: type[contract.Captioner],
    units: int = 6,
    tied_embeddings: bool = True,
) -> contract.Captioner:
    if make is transformer.Transformer:
        sizes = {"units": units, "heads": 2, "inner_units": 9}
    else:
        sizes = {"units": units, "embedding_units": 6}
    return shaken.captioner(make, tied_embeddings=tied_embeddings, **sizes)


def test_it_begins_at_the_unigram_model():
    layer = output.layer(LOG_UNIGRAM, UNITS, scale=0.01)
    assert np.abs(layer(features()) - LOG_UNIGRAM).max() < 0.5
    np.testing.assert_allclose(layer(np.zeros([1, UNITS]))[0], LOG_UNIGRAM)


def test_a_tied_one_does_too(embed):
    layer = output.layer(LOG_UNIGRAM, UNITS, scale=0.01, tied_to=embed)
    assert np.abs(layer(features()) - LOG_UNIGRAM).max() < 0.5
    np.testing.assert_allclose(layer(np.zeros([1, UNITS]))[0], LOG_UNIGRAM)


def test_a_tied_logit_is_the_product_with_its_words_embedding(embed):
    layer = output.layer(LOG_UNIGRAM, UNITS, scale=0.25, tied_to=embed)
    expected = 0.5 * features() @ embed.embeddings.numpy().T + LOG_UNIGRAM
    np.testing.assert_allclose(layer(features()), expected, atol=1e-5)


def test_a_tied_one_computes_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        embed = keras.layers.Embedding(len(LOG_UNIGRAM), UNITS)
        embed.build([None])
        layer = output.layer(LOG_UNIGRAM, UNITS, tied_to=embed)
    finally:
        keras.config.set_dtype_policy("float32")
    logits = layer(tf.cast(features(), tf.bfloat16))
    assert (logits.dtype, layer.bias.dtype) == (tf.bfloat16, "float32")
    assert logits.shape == (100, 2, len(LOG_UNIGRAM))


@pytest.mark.parametrize("make", configurable.CAPTIONERS)
def test_a_tied_captioner_learns_with_one_matrix_less(make):
    model, grid = made(make), shaken.grids()[0]
    saved = made(make, tied_embeddings=False).count_params()
    assert saved - model.count_params() == shaken.WORDS * 6
    weights = [variable.value for variable in model.trainable_variables]
    words = tf.constant(shaken.tokens())
    losses = []
    for _ in range(6):
        with tf.GradientTape() as tape:
            logits, _ = model(grid, contract.shift_right(words))
            nats = tf.nn.sparse_softmax_cross_entropy_with_logits(words, logits)
            loss = tf.reduce_mean(nats)
        losses.append(float(loss))
        for weight, part in zip(
            weights, tape.gradient(loss, weights), strict=True
        ):
            weight.assign_sub(0.5 * tf.convert_to_tensor(part))
    assert losses[-1] < 0.97 * losses[0]


@pytest.mark.parametrize(
    "make",
    [
        make
        for make in configurable.CAPTIONERS
        if make.__name__ not in ("ShowAttendTell", "Transformer")
    ],
)
def test_embeddings_of_another_width_are_not_tied(make):
    with pytest.raises(ValueError) as error:
        made(make, units=7)
    assert str(error.value) == (
        "`tied_embeddings` needs `embedding_units` to be `units`, got 6 and 7"
    )
