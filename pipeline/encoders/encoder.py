"""Frozen image encoders: RGB pixels to a grid of features."""

import contextlib
import difflib
import hashlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from pipeline.encoders import lite0
from pipeline.images import decode as decode_lib
from pipeline.images import preparation as preparation_lib

DEFAULT = "efficientnet-lite0"

FEATURE_FORMAT = 1
"""Raised when the same model and pixels come to give other features."""

REST_SIZE = 8
"""Images in a batch of what full batches leave over."""

_APPLICATIONS = "keras.applications."

_NATIVE_SIZE = {
    "EfficientNetB1": 240,
    "EfficientNetB2": 260,
    "EfficientNetB3": 300,
    "EfficientNetB4": 380,
    "EfficientNetB5": 456,
    "EfficientNetB6": 528,
    "EfficientNetB7": 600,
    "EfficientNetV2B1": 240,
    "EfficientNetV2B2": 260,
    "EfficientNetV2B3": 300,
    "EfficientNetV2S": 384,
    "EfficientNetV2M": 480,
    "EfficientNetV2L": 480,
    "InceptionResNetV2": 299,
    "InceptionV3": 299,
    "NASNetLarge": 331,
    "Xception": 299,
}


class Encoder:
    """A frozen model and the preparation of its input.

    Attributes:
      name: the name it was loaded by.
      model: maps float32 [batch, image_size, image_size, 3] to float32
        [batch, locations, depth].
      preparation: how the model's input is made.
      locations: number of grid cells, counted row by row.
      depth: number of features in a cell.
      fingerprint: JSON values; two encoders' features are comparable exactly
        if these are equal.
    """

    def __init__(
        self,
        name: str,
        model: keras.Model,
        preparation: preparation_lib.Preparation,
        *,
        architecture: str,
    ) -> None:
        """Freezes and compiles a model.

        Args:
          name: the name it was loaded by.
          model: maps float32 [batch, image_size, image_size, 3] to
            [batch, height, width, depth], which is flattened, or to
            [batch, locations, depth].
          preparation: how the model's input is made.
          architecture: what the fingerprint says of the model's layers.

        Raises:
          ValueError: the model's output is no grid, or it computes in less
            than float32.
        """
        self.name = name
        self.preparation = preparation
        self.model = _as_grid(model, preparation.image_size)
        _, self.locations, self.depth = self.model.output_shape
        self.fingerprint: preparation_lib.Fingerprint = {
            "architecture": architecture,
            "weights": _digest(self.model),
            "feature_format": FEATURE_FORMAT,
            **preparation.identity(),
        }
        self._encode = tf.function(
            lambda images: self.model(
                preparation.normalise(images), training=False
            )
        )

    def decode(
        self, data: bytes, limits: decode_lib.Limits = decode_lib.LIMITS
    ) -> np.ndarray:
        """Decodes a file to uint8 [height, width, 3]: `Preparation.decode`."""
        return self.preparation.decode(data, limits)

    def fit(self, pixels: tf.Tensor | np.ndarray) -> tf.Tensor | np.ndarray:
        """Resizes uint8 [height, width, 3] as `Preparation.fit` does."""
        return self.preparation.fit(pixels)

    def __call__(self, images: tf.Tensor | np.ndarray) -> tf.Tensor:
        """Normalises and encodes a batch of images.

        Args:
          images: uint8 or float32 [batch, image_size, image_size, 3], RGB from
            0 to 255, as `fit` returns them.

        Returns:
          float32 [batch, locations, depth].
        """
        return self._encode(tf.convert_to_tensor(images))

    def encode(self, images: np.ndarray, batch_size: int = 32) -> tf.Tensor:
        """Encodes any number of images in batches of two fixed sizes.

        Full batches come first; the rest follows in batches of `REST_SIZE`,
        the last of them padded with zeros. With other sizes kernels may choose
        other algorithms, and the last bits of a grid would depend on how many
        images came together.

        Args:
          images: uint8 or float32 [images, image_size, image_size, 3], as `fit`
            returns them.
          batch_size: images in a full batch.

        Returns:
          float32 [images, locations, depth].
        """
        if not len(images):
            return tf.zeros((0, self.locations, self.depth))
        full = len(images) - len(images) % batch_size
        grids = [
            self(images[start : start + batch_size])
            for start in range(0, full, batch_size)
        ]
        size = min(batch_size, REST_SIZE)
        for start in range(full, len(images), size):
            chunk = images[start : start + size]
            fill = [(0, size - len(chunk)), (0, 0), (0, 0), (0, 0)]
            grids.append(self(np.pad(chunk, fill))[: len(chunk)])
        return tf.concat(grids, axis=0)  # Copies nothing if one batch is all.


def load_encoder(
    name: str = DEFAULT,
    *,
    weights: str | None = None,
    image_size: int | None = None,
) -> Encoder:
    """Loads an encoder, with the same weights in every process.

    Args:
      name: 'efficientnet-lite0', a class of `keras.applications`, or the path
        of a saved model (`.keras`) that maps float32 RGB images from 0 to 255
        to [batch, height, width, depth] or [batch, locations, depth].
      weights: 'imagenet' (the default), the path of a weight file, or 'none'
        for seeded noise. A saved model brings its own.
      image_size: height and width of the input in pixels; by default the
        model's own.

    Returns:
      The frozen encoder, computing in float32 whatever the global policy.

    Raises:
      ValueError: no encoder has this name, or its model does not fit.
    """
    with _float32_policy():
        if name == DEFAULT:
            return _load_lite0(weights, image_size or 224)
        if name in _applications():
            size = image_size or _NATIVE_SIZE.get(name, 224)
            return _load_application(name, weights or "imagenet", size)
        if name.endswith(".keras"):
            return _load_saved(name, weights, image_size)
    raise ValueError(_unknown(name))


def is_noise(fingerprint: preparation_lib.Fingerprint) -> bool:
    """Whether an encoder's weights are those that 'none' stands for.

    Args:
      fingerprint: of an encoder, as a record set's manifest holds it.
    """
    name = str(fingerprint["architecture"]).removeprefix(_APPLICATIONS)
    if name != DEFAULT and name not in _applications():
        return False
    noise = load_encoder(name, weights="none").fingerprint
    return bool(noise["weights"] == fingerprint["weights"])


def _load_lite0(weights: str | None, size: int) -> Encoder:
    if weights == "none":
        model = _seeded(lite0.build_encoder(None, image_size=size))
    else:
        path = None if weights == "imagenet" else weights
        arrays = lite0.read_weights(path)
        model = lite0.build_encoder(arrays, image_size=size)
    return Encoder(
        DEFAULT, model, preparation_lib.lite(size), architecture=DEFAULT
    )


def _load_application(name: str, weights: str, size: int) -> Encoder:
    constructor = _applications()[name]
    model = constructor(
        include_top=False,
        weights=None if weights == "none" else weights,
        input_shape=(size, size, 3),
    )
    if weights == "none":
        model = _seeded(model)
    preparation = preparation_lib.CONVENTIONS[_module(constructor)](size)
    architecture = f"{_APPLICATIONS}{name}"
    return Encoder(name, model, preparation, architecture=architecture)


def _load_saved(path: str, weights: str | None, size: int | None) -> Encoder:
    if weights is not None:
        raise ValueError(
            f"The saved model {path!r} brings its own weights: "
            f"leave out weights={weights!r}."
        )
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    with (
        tf.io.gfile.GFile(path, "rb") as file,
        zipfile.ZipFile(file) as archive,
    ):
        config = hashlib.sha256(archive.read("config.json")).hexdigest()
    preparation = preparation_lib.Preparation(
        size or model.input_shape[1] or 224
    )
    name = Path(path).stem
    return Encoder(name, model, preparation, architecture=f"keras {config}")


def _applications() -> dict[str, Callable[..., keras.Model]]:
    found = vars(keras.applications).items()
    return {
        name: constructor
        for name, constructor in sorted(found)
        if name[0].isupper()
        and _module(constructor) in preparation_lib.CONVENTIONS
    }


def _module(constructor: Callable[..., keras.Model]) -> str:
    return constructor.__module__.rpartition(".")[2]


def _unknown(name: str) -> str:
    known = [DEFAULT, *_applications()]
    near = difflib.get_close_matches(name, known)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"Unknown encoder {name!r}.{hint} Known are {', '.join(known)}, "
        "and the path of a saved model that ends in '.keras'."
    )


def _as_grid(model: keras.Model, image_size: int) -> keras.Model:
    images = keras.Input((image_size, image_size, 3), name="images")
    grid = model(images, training=False)
    if len(grid.shape) == 4:
        grid = keras.layers.Reshape((-1, grid.shape[-1]), name="grid")(grid)
    if len(grid.shape) != 3 or None in grid.shape[1:]:
        raise ValueError(
            "An encoder must return [batch, height, width, depth] or "
            f"[batch, locations, depth]; {model.name} returns {grid.shape}."
        )
    for layer in model.layers:
        if layer.compute_dtype != "float32":
            raise ValueError(
                f"An encoder must compute in float32; layer {layer.name} of "
                f"{model.name} computes in {layer.compute_dtype}."
            )
    frozen = keras.Model(images, grid, name=model.name)
    frozen.trainable = False
    return frozen


def _seeded(model: keras.Model) -> keras.Model:
    """Fills kernels with noise that keeps the variance (He et al. 2015)."""
    noise = np.random.default_rng(0)
    for weight in model.weights:
        if len(weight.shape) > 1:
            depthwise = "depthwise" in weight.path
            fan_in = np.prod(weight.shape[: -2 if depthwise else -1])
            weight.assign(
                noise.normal(scale=np.sqrt(2 / fan_in), size=weight.shape)
            )
    return model


def _digest(model: keras.Model) -> str:
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _float32_policy() -> Iterator[None]:
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
