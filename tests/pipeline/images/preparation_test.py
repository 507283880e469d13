"""Preparation: pixels become what each model was trained with."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pipeline.images import decode, preparation


def noise(height: int, width: int) -> np.ndarray:
    generator = np.random.default_rng(3)
    return generator.integers(0, 256, (height, width, 3), np.uint8)


def test_pixels_of_the_right_size_are_not_resampled() -> None:
    pixels = noise(224, 224)
    lite = preparation.Preparation(224, (127.0,) * 3, (128.0,) * 3)
    assert lite.fit(pixels) is pixels
    np.testing.assert_array_equal(lite.fit(tf.constant(pixels)), pixels)


def test_saved_models_get_0_to_255() -> None:
    pixels = noise(8, 8)
    normalised = preparation.Preparation(8).normalise(tf.constant(pixels))
    assert normalised.dtype == tf.float32
    np.testing.assert_array_equal(normalised, pixels)


def test_channels_are_turned_before_their_means_are_taken() -> None:
    turned = preparation.Preparation(1, (3.0, 2.0, 1.0), (1.0, 2.0, 4.0), "bgr")
    pixels = np.array([[[10, 20, 31]]], np.uint8)
    np.testing.assert_array_equal(turned.normalise(pixels), [[[28, 9, 2.25]]])


def test_resizing_averages_what_it_drops() -> None:
    checks = np.indices((256, 256)).sum(0) % 2 * 255
    pixels = np.repeat(checks[..., np.newaxis], 3, axis=2).astype(np.uint8)
    inner = preparation.Preparation(32).fit(pixels)[4:-4, 4:-4]
    np.testing.assert_allclose(inner, 127.5, atol=1)


@pytest.mark.parametrize("shape", [(48, 48), (31, 77), (300, 20)])
def test_a_graph_with_dynamic_sides_fits_the_same(
    shape: tuple[int, int],
) -> None:
    fit = preparation.Preparation(48).fit
    signature = [tf.TensorSpec((None, None, 3), tf.uint8)]
    graph = tf.function(fit, input_signature=signature)
    assert graph.get_concrete_function().output_shapes == (48, 48, 3)
    pixels = noise(*shape)
    np.testing.assert_array_equal(graph(pixels), fit(pixels))


def test_floats_are_not_taken_for_pixels() -> None:
    with pytest.raises(ValueError, match="must be uint8, got .*float32"):
        preparation.Preparation(8).fit(tf.zeros((8, 8, 3)))


def test_a_camera_file_decoded_small_fits_as_if_decoded_whole() -> None:
    smooth = Image.fromarray(noise(24, 32)).resize((1600, 1200))
    file = io.BytesIO()
    smooth.save(file, "JPEG", quality=90)
    prepared = preparation.Preparation(64)
    small = prepared.decode(file.getvalue())
    whole = decode.canonicalise(file.getvalue())
    assert small.shape == (150, 200, 3)
    assert whole.shape == (1200, 1600, 3)
    error = np.abs(prepared.fit(small) - prepared.fit(whole))
    assert error.mean() < 1


def test_limits_hold_before_the_file_is_decoded() -> None:
    limits = decode.Limits(max_bytes=3)
    with pytest.raises(decode.RejectedImage, match="4 bytes, the limit is 3"):
        preparation.Preparation(8).decode(b"1234", limits)
