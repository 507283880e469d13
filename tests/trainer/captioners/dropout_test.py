"""Dropout of values and of words: masks follow the stream, not the device."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import dropout


def masked(
    streams: list[int],
    *,
    values: tf.Tensor | None = None,
    rate: float = 0.5,
    seed: int = 1,
    step: int = 7,
    layer: int = 0,
) -> np.ndarray:
    """Two images a stream, forty values each, all one unless given."""
    masks = dropout.StreamDropout(
        rate,
        seed,
        tf.constant(step, tf.int64),
        tf.constant(streams, tf.int64),
    )
    if values is None:
        values = tf.ones([2 * len(streams), 40])
    return masks(values, layer).numpy()


def test_masks_do_not_depend_on_how_streams_are_shared():
    whole = masked([0, 1, 2, 3])
    halves = np.concatenate([masked([0, 1]), masked([2, 3])])
    quarters = np.concatenate([masked([stream]) for stream in range(4)])
    np.testing.assert_array_equal(whole, halves)
    np.testing.assert_array_equal(whole, quarters)


def test_masks_are_the_same_when_drawn_again():
    np.testing.assert_array_equal(masked([2, 5]), masked([2, 5]))


@pytest.mark.parametrize("other", [{"step": 8}, {"layer": 1}, {"seed": 2}])
def test_masks_differ_by_step_layer_and_seed(other):
    assert (masked([0]) != masked([0], **other)).any()


def test_masks_differ_by_stream_and_by_image():
    first, second, third, fourth = masked([0, 1])
    assert (first != second).any()
    assert (first != third).any()
    assert (second != fourth).any()


def test_neighbouring_steps_and_streams_share_no_mask():
    drawn = {
        masked([stream], step=step, layer=layer).tobytes()
        for stream in range(4)
        for step in range(4)
        for layer in range(3)
    }
    assert len(drawn) == 48


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_kept_values_are_scaled_so_that_the_mean_stays(rate):
    dropped = masked([0, 1], values=tf.ones([2, 20_000]), rate=rate)
    kept = dropped[dropped > 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-6)
    # Four standard errors of the mean of 40,000 values at a rate of 0.8.
    assert abs(dropped.mean() - 1) < 0.04


def test_rate_of_zero_changes_nothing():
    values = tf.random.stateless_normal([2, 40], [1, 2])
    np.testing.assert_array_equal(
        masked([3], values=values, rate=0.0), values.numpy()
    )


def test_dtype_is_kept():
    values = tf.ones([2, 40], tf.bfloat16)
    assert masked([0], values=values).dtype == tf.bfloat16.as_numpy_dtype


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
def test_masks_are_the_same_in_each_precision_and_under_xla(dtype):
    whole = masked([0, 1])
    compiled = tf.function(
        lambda: dropout.StreamDropout(
            0.5, 1, tf.constant(7, tf.int64), tf.constant([0, 1], tf.int64)
        )(tf.ones([4, 40], dtype), 0),
        jit_compile=True,
    )
    for drawn in (masked([0, 1], values=tf.ones([4, 40], dtype)), compiled()):
        np.testing.assert_array_equal(np.asarray(drawn) > 0, whole > 0)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_rate_outside_of_its_range_is_refused(rate):
    with pytest.raises(ValueError) as error:
        masked([0], rate=rate)
    assert str(error.value) == f"`dropout_rate` must lie in [0, 1), got {rate}"


def hidden(
    streams: list[int], *, rate: float = 0.5, step: int = 7, length: int = 20
) -> np.ndarray:
    """Two images a stream, three captions each: START, then a word."""
    masks = dropout.StreamDropout(
        0.0, 1, tf.constant(step, tf.int64), tf.constant(streams, tf.int64)
    )
    return masks.words(captions(streams, length), rate, layer=3).numpy()


def captions(streams: list[int], length: int) -> tf.Tensor:
    tokens = tf.fill([2 * len(streams), 3, length - 1], 9)
    return tf.pad(
        tokens, [[0, 0], [0, 0], [1, 0]], constant_values=vocabulary.START
    )


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_share_of_the_words_is_read_as_unknown_and_start_never(rate):
    tokens = hidden([0, 1], rate=rate, length=1001)
    assert (tokens[..., 0] == vocabulary.START).all()
    words = tokens[..., 1:]
    assert set(np.unique(words)) == {vocabulary.UNK, 9}
    # Four standard errors of the share of 12,000 words at a rate of a half.
    assert abs(np.mean(words == vocabulary.UNK) - rate) < 0.02
    assert tokens.dtype == np.int32


def test_hidden_words_do_not_depend_on_how_streams_are_shared():
    whole = hidden([0, 1, 2, 3])
    halves = np.concatenate([hidden([0, 1]), hidden([2, 3])])
    np.testing.assert_array_equal(whole, halves)


def test_other_words_are_hidden_by_step_stream_and_caption():
    first, second = hidden([0]), hidden([0], step=8)
    assert (first != second).any()
    assert (first != hidden([1])).any()
    assert (first[0] != first[1]).any()
    assert (first[:, 0] != first[:, 1]).any()


def test_no_word_is_hidden_at_a_rate_of_zero():
    tokens = captions([0], 20)
    masks = dropout.StreamDropout(
        0.5, 1, tf.constant(7, tf.int64), tf.constant([0], tf.int64)
    )
    assert masks.words(tokens, 0.0, layer=3) is tokens
