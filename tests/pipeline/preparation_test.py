"""Preparation: what a model is given for an image's pixels."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline import preparation


def noise(height: int, width: int) -> np.ndarray:
    generator = np.random.default_rng(3)
    return generator.integers(0, 256, (height, width, 3), np.uint8)


def test_pixels_of_the_right_size_are_not_resampled() -> None:
    pixels = noise(224, 224)
    plain = preparation.Preparation(224)
    np.testing.assert_array_equal(plain(pixels), pixels.astype(np.float32))
    lite = preparation.Preparation(224, (127.0,) * 3, (128.0,) * 3)
    expected = (pixels.astype(np.float32) - 127) / 128
    np.testing.assert_array_equal(lite(pixels), expected)


def test_resizing_averages_what_it_drops() -> None:
    checks = np.indices((256, 256)).sum(0) % 2 * 255
    pixels = np.repeat(checks[..., np.newaxis], 3, axis=2).astype(np.uint8)
    inner = preparation.Preparation(32)(pixels)[4:-4, 4:-4]
    np.testing.assert_allclose(inner, 127.5, atol=1)


@pytest.mark.parametrize("shape", [(48, 48), (31, 77), (300, 20)])
def test_a_graph_with_dynamic_sides_prepares_the_same(
    shape: tuple[int, int],
) -> None:
    prepare = preparation.Preparation(48, (103.939, 116.779, 123.68))
    signature = [tf.TensorSpec((None, None, 3), tf.uint8)]
    graph = tf.function(prepare, input_signature=signature)
    assert graph.get_concrete_function().output_shapes == (48, 48, 3)
    pixels = noise(*shape)
    np.testing.assert_array_equal(graph(pixels), prepare(pixels))


def test_floats_are_not_taken_for_pixels() -> None:
    with pytest.raises((TypeError, ValueError), match="uint8"):
        preparation.Preparation(8)(tf.zeros((8, 8, 3)))
