"""Dropout: masks follow the stream, not the device."""

import numpy as np
import pytest
import tensorflow as tf

from trainer import dropout


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


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_rate_outside_of_its_range_is_refused(rate):
    with pytest.raises(ValueError) as error:
        masked([0], rate=rate)
    assert str(error.value) == f"`dropout_rate` must lie in [0, 1), got {rate}"
