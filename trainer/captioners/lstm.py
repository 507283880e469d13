"""Long short-term memory: the gates, and the state between two words."""

from typing import NamedTuple

import keras
import tensorflow as tf


class State(NamedTuple):
    """What is carried from word to word.

    Attributes:
      hidden: [images, hypotheses, units], in the compute dtype.
      cell: float32 [images, hypotheses, units].
    """

    hidden: tf.Tensor
    cell: tf.Tensor


def advance(gates: tf.Tensor, state: State) -> State:
    """Computes the next state (Hochreiter and Schmidhuber 1997).

    Args:
      gates: [images, hypotheses, 4 units], before their nonlinearities: what is
        written, what is kept, the new values, what is shown.
      state: before.
    """
    gates = tf.cast(gates, tf.float32)
    write, keep, new, show = tf.split(gates, 4, axis=-1)
    # With a forget gate that begins open, long captions are learned faster.
    cell = state.cell * tf.sigmoid(keep + 1.0)
    cell += tf.sigmoid(write) * tf.tanh(new)
    hidden = tf.sigmoid(show) * tf.tanh(cell)
    return State(tf.cast(hidden, state.hidden.dtype), cell)


def empty(
    images: int, hypotheses: int, units: int, dtype: tf.DType | str
) -> State:
    """The state that has read nothing, with the hidden part in `dtype`."""
    shape = [images, hypotheses, units]
    return State(tf.zeros(shape, dtype), tf.zeros(shape))


def recurrence(units: int, name: str, gates: int = 4) -> keras.layers.Dense:
    """The layer from the hidden state to its part of the gates, built."""
    layer = keras.layers.Dense(
        gates * units,
        use_bias=False,
        kernel_initializer="orthogonal",
        name=name,
    )
    layer.build([None, units])
    return layer
