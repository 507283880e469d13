"""Canonical pixels -> one encoder's input, in training and serving.

There are three steps: `decode` a file, `fit` the image to the encoder's size,
`normalise` a batch. An image that already fits stays uint8, a quarter of
float32's bytes, until the graph that encodes it.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from pipeline.images import decode as decode_lib

Fingerprint = dict[str, str | int | list[float]]


@dataclasses.dataclass(frozen=True)
class Preparation:
    """Turns canonical pixels into one encoder's input.

    Saved models get the defaults: RGB from 0 to 255.

    Attributes:
      image_size: height and width of the model's input, in pixels.
      mean: what is subtracted from each channel, in levels of 0 to 255 and in
        the model's order of channels.
      scale: what each channel is then divided by, in the same order.
      channels: the model's order of channels, 'rgb' or 'bgr'.
    """

    image_size: int
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    scale: tuple[float, ...] = (1.0, 1.0, 1.0)
    channels: str = "rgb"

    @property
    def least_side(self) -> int:
        """Pixels that the sides of a JPEG keep while it is decoded.

        Twice the input's side, so that resampling still sees the detail that
        it averages.
        """
        return 2 * self.image_size

    def decode(
        self, data: bytes, limits: decode_lib.Limits = decode_lib.LIMITS
    ) -> np.ndarray:
        """Decodes a file, a large JPEG at a smaller size that is still enough.

        Args:
          data: the file's bytes.
          limits: larger files are rejected.

        Returns:
          uint8 [height, width, 3], RGB.

        Raises:
          RejectedImage: see `decode.canonicalise`.
        """
        return decode_lib.canonicalise(
            data, least_side=self.least_side, limits=limits
        )

    def fit(self, pixels: tf.Tensor | np.ndarray) -> tf.Tensor | np.ndarray:
        """Resizes an image to a square without cropping.

        The aspect ratio is not kept: a caption may speak of the edges.

        Args:
          pixels: uint8 [height, width, 3], RGB; a tensor's sides may be
            dynamic.

        Returns:
          [image_size, image_size, 3], RGB from 0 to 255. A NumPy array that
          already has this size is returned as it is, uint8. Anything else
          becomes float32, with the same bits eagerly and in a graph.

        Raises:
          ValueError: the pixels are not uint8.
        """
        if pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be uint8, got {pixels.dtype}")
        size = (self.image_size, self.image_size)
        if isinstance(pixels, np.ndarray):
            if pixels.shape[:2] == size:
                return pixels
            return _resized(tf.constant(pixels), size).numpy()
        return _resized(pixels, size)

    def normalise(self, images: tf.Tensor) -> tf.Tensor:
        """Computes (pixel - mean) / scale in the model's order of channels.

        Args:
          images: uint8 or float32 [..., 3], RGB from 0 to 255.

        Returns:
          float32 of the same shape.
        """
        images = tf.cast(images, tf.float32)
        if self.channels == "bgr":
            images = images[..., ::-1]
        return (images - self.mean) / self.scale

    def identity(self) -> Fingerprint:
        """Returns all settings that the result depends on, as JSON values."""
        return {
            "image_size": self.image_size,
            "jpeg_least_side": self.least_side,
            "interpolation": "bilinear antialiased",
            "channels": self.channels,
            "mean": list(self.mean),
            "scale": list(self.scale),
        }


def _resized(pixels: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    resized = tf.cond(
        tf.reduce_all(tf.shape(pixels)[:2] == size),
        lambda: tf.cast(pixels, tf.float32),
        lambda: tf.image.resize(pixels, size, antialias=True),
    )
    return tf.ensure_shape(resized, (*size, 3))


_Convention = Callable[[int], Preparation]


def lite(image_size: int) -> Preparation:
    """Returns the preparation that EfficientNet-Lite was trained with."""
    return Preparation(image_size, (127.0,) * 3, (128.0,) * 3)


def _tf(image_size: int) -> Preparation:
    return Preparation(image_size, (127.5,) * 3, (127.5,) * 3)


def _torch(image_size: int) -> Preparation:
    mean, scale = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    return Preparation(image_size, mean, scale)


def _caffe(image_size: int) -> Preparation:
    mean = (103.939, 116.779, 123.68)
    return Preparation(image_size, mean, channels="bgr")


# Keyed by the module of keras.applications. Families that normalise inside the
# model take `Preparation` itself, which leaves RGB from 0 to 255.
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
