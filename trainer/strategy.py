"""Name -> `tf.distribute.Strategy` and dtype policy."""

import dataclasses

import keras
import tensorflow as tf

KINDS = ("auto", "one_device", "mirrored")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class Devices:
    """Where to train and in which precision.

    Attributes:
      kind: `one_device`; `mirrored` over all GPUs, or over `names`; `auto`
        takes mirrored where `names`, or the GPUs, are two or more.
      names: of the devices, such as `GPU:0`; empty for what there is. One
        device is the first of them.
      precision: `float32`; `mixed_bfloat16` or `mixed_float16`: float32
        weights, matrix products in sixteen bits; softmax and loss stay
        float32. For float16 the loss is scaled.

    Raises:
      ValueError: an unknown kind or precision.
    """

    kind: str = "auto"
    names: tuple[str, ...] = ()
    precision: str = "float32"

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        for field, allowed in (("kind", KINDS), ("precision", PRECISIONS)):
            value = getattr(self, field)
            if value not in allowed:
                raise ValueError(
                    f"`{field}` must be one of {', '.join(allowed)}, "
                    f"got {value!r}"
                )

    def open(self) -> tf.distribute.Strategy:
        """Sets Keras' dtype policy and makes the strategy."""
        keras.config.set_dtype_policy(self.precision)
        gpus = [
            f"GPU:{i}"
            for i, _ in enumerate(tf.config.list_physical_devices("GPU"))
        ]
        names = list(self.names) or gpus or ["CPU:0"]
        kind = self.kind
        if kind == "auto":
            kind = "mirrored" if len(names) > 1 else "one_device"
        if kind == "mirrored":
            return tf.distribute.MirroredStrategy(names)
        return tf.distribute.OneDeviceStrategy(names[0])
