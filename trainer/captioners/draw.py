"""Which of several a number in [0, 1) chooses, by their chances."""

import tensorflow as tf


def place_of(chances: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """Finds in whose share of the cumulated chances a number falls.

    Args:
      chances: float32 [..., places], of any sum.
      uniform: float32 [...], in [0, 1).

    Returns:
      int32 [...].
    """
    up_to = tf.cumsum(chances, axis=-1)
    passed = up_to <= uniform[..., None] * up_to[..., -1:]
    return tf.math.count_nonzero(passed, axis=-1, dtype=tf.int32)
