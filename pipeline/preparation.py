"""Canonical pixels -> one encoder's input, in training and serving."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

Fingerprint = dict[str, str | int | list[float]]


@dataclasses.dataclass(frozen=True)
class Preparation:
    """Turns canonical pixels into one encoder's input.

    The whole image is squashed to a square, because a caption may speak of its
    edges; then (pixel - mean) / scale for each channel. Saved models get the
    defaults: RGB from 0 to 255.
    """

    image_size: int
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    scale: tuple[float, ...] = (1.0, 1.0, 1.0)
    channels: str = "rgb"

    def __call__(
        self, pixels: tf.Tensor | np.ndarray
    ) -> tf.Tensor | np.ndarray:
        """Resizes and normalises, eagerly or in a graph; equal to the bit.

        Args:
          pixels: uint8 [height, width, 3], RGB; the sides may be dynamic.

        Returns:
          float32 [image_size, image_size, 3]. Pixels that already have this
          size are normalised without being resampled; an array of them stays
          one, since TensorFlow's calls would take longer than the sums.
        """
        size = (self.image_size, self.image_size)
        resized = _fitting(pixels, size)
        if resized is None:
            resized = _resized(tf.convert_to_tensor(pixels, tf.uint8), size)
        if self.channels == "bgr":
            resized = resized[..., ::-1]
        return (resized - _narrow(self.mean)) / _narrow(self.scale)

    def identity(self) -> Fingerprint:
        """Returns what decides the result, as JSON values."""
        return {
            "image_size": self.image_size,
            "interpolation": "bilinear antialiased",
            "channels": self.channels,
            "mean": list(self.mean),
            "scale": list(self.scale),
        }


def _fitting(
    pixels: tf.Tensor | np.ndarray, size: tuple[int, int]
) -> np.ndarray | None:
    fits = isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8
    return (
        pixels.astype(np.float32) if fits and pixels.shape[:2] == size else None
    )


def _resized(pixels: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    resized = tf.cond(
        tf.reduce_all(tf.shape(pixels)[:2] == size),
        lambda: tf.cast(pixels, tf.float32),
        lambda: tf.image.resize(pixels, size, antialias=True),
    )
    return tf.ensure_shape(resized, (*size, 3))


def _narrow(channels: tuple[float, ...]) -> np.ndarray:
    # One number where all channels share it: a broadcast over three took most
    # of the time that an image needs before it is encoded.
    shared = channels[:1] if len(set(channels)) == 1 else channels
    return np.array(shared, np.float32)


_Convention = Callable[[int], Preparation]


def lite(image_size: int) -> Preparation:
    """What the EfficientNet-Lite family was trained with."""
    return Preparation(image_size, (127.0,) * 3, (128.0,) * 3)


def _tf(image_size: int) -> Preparation:
    return Preparation(image_size, (127.5,) * 3, (127.5,) * 3)


def _torch(image_size: int) -> Preparation:
    mean, scale = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    return Preparation(image_size, mean, scale)


def _caffe(image_size: int) -> Preparation:
    mean = (103.939, 116.779, 123.68)
    return Preparation(image_size, mean, channels="bgr")


# By the module of keras.applications. Preparation itself leaves 0 to 255, for
# the families that normalise inside the model.
CONVENTIONS: dict[str, _Convention] = {
    "convnext": Preparation,
    "densenet": _torch,
    "efficientnet": Preparation,
    "efficientnet_v2": Preparation,
    "inception_resnet_v2": _tf,
    "inception_v3": _tf,
    "mobilenet": _tf,
    "mobilenet_v2": _tf,
    "mobilenet_v3": Preparation,
    "nasnet": _tf,
    "resnet": _caffe,
    "resnet_v2": _tf,
    "vgg16": _caffe,
    "vgg19": _caffe,
    "xception": _tf,
}
