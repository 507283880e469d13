"""The step function that decoders call, and the captions that they return.

Decoding knows no captioner: it calls `next_token(tokens, state)`. All shapes
are static, so that a decoder compiles for an accelerator.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

State = Any
NextToken = Callable[[tf.Tensor, State], tuple[tf.Tensor, tf.Tensor, State]]
"""(tokens int32 [images, hypotheses], state) -> logits float32 [images,
hypotheses, vocabulary], attention float32 [images, hypotheses, locations],
the new state: a nest of [images, hypotheses, ...]."""


class Decoded(NamedTuple):
    """The best caption of each image.

    Attributes:
      tokens: int32 [images, length]; END, then PAD, behind the last word.
      attention: float32 [images, length, locations]: where the captioner
        looked before each token; zero behind END.
      log_probs: float32 [images], of the caption with its END.
    """

    tokens: tf.Tensor
    attention: tf.Tensor
    log_probs: tf.Tensor


def put(values: tf.Tensor, new: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Sets values[:, place] = new, values being [rows, length, ...]."""
    here = tf.one_hot(place, values.shape[1], on_value=True, off_value=False)
    here = tf.reshape(here, [1, -1, *[1] * (values.shape.rank - 2)])
    return tf.where(here, new[:, None], values)
