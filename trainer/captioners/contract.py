"""What every captioner has to provide; the rest of the trainer relies on it.

A captioner computes logits in two ways that must agree: `call` by teacher
forcing, which training uses, and `step` token by token with explicit state,
which decoding uses. The captions of training and the hypotheses of decoding
have the same axis: [images, hypotheses, ...].

To add one: a file here, its constructor in `configurable.py`, a gin file. The
conformance suite runs it because `configurable.py` names it.
"""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import keras
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import dropout as dropout_lib

Memory = Any
"""A nest of tensors [images, ...]: what is computed once an image. What differs
between places is [images, ..., locations, features]."""
State = Any
"""A nest of tensors [images, hypotheses, ...]: carried from token to token."""


def shift_right(tokens: tf.Tensor) -> tf.Tensor:
    """What is read before each token: START, then the tokens before.

    Args:
      tokens: int32 [..., length].

    Returns:
      The same shape.
    """
    start = tf.fill(tf.shape(tokens[..., :1]), vocabulary.START)
    return tf.concat([start, tokens[..., :-1]], axis=-1)


class Captioner(keras.Model):
    """Grids and words -> logits of the next word.

    A subclass is constructed with keywords only. The trainer passes
    `vocabulary_size`, `locations`, `depth` and `log_unigram`, float32
    [vocabulary_size]; all other arguments are settings with defaults. The
    constructor makes every weight, so that a checkpoint can be restored before
    the first call.

    Attributes:
      settings: the settings that decide the weights, as JSON values; a run
        refuses to go on with other ones.
      uses_image: false for a blind captioner, whose logits must not depend on
        the grid.
      dropout_rate: share of values that training drops; 0 for none.
    """

    settings: dict[str, Any]
    uses_image: bool = True
    dropout_rate: float = 0.0

    def remember(
        self,
        grid: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> Memory:
        """Computes what all steps of an image share.

        Args:
          grid: [images, locations, depth], any float dtype.
          dropout: draws the masks of training; None outside training.

        Returns:
          A nest of tensors [images, ...].
        """
        raise NotImplementedError

    def initial_state(self, memory: Memory, hypotheses: int) -> State:
        """Computes the state before the first word.

        Args:
          memory: what `remember` returned.
          hypotheses: number of hypotheses of each image.

        Returns:
          A nest of tensors [images, hypotheses, ...]; all hypotheses of an
          image have the same state.
        """
        raise NotImplementedError

    def step(
        self, memory: Memory, state: State, tokens: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None, State]:
        """Reads one token of each hypothesis and predicts the next.

        Args:
          memory: what `remember` returned.
          state: from `initial_state` or from the step before; decoding may have
            reordered its hypotheses.
          tokens: int32 [images, hypotheses].

        Returns:
          The next token's logits, float32 [images, hypotheses, vocabulary];
          attention, float32 [images, hypotheses, locations], or None if the
          captioner has none; the new state.
        """
        raise NotImplementedError

    def call(
        self,
        grid: tf.Tensor,
        tokens: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Predicts every token of true captions by teacher forcing.

        Each position reads the true tokens up to its own.

        Args:
          grid: [images, locations, depth], any float dtype.
          tokens: int32 [images, captions, length], beginning with START.
          dropout: draws the masks of training; None outside training.

        Returns:
          Logits of the token after each, float32 [images, captions, length,
          vocabulary]; attention, float32 [images, captions, length, locations],
          or None if the captioner has none.
        """
        raise NotImplementedError


class Drawn(NamedTuple):
    """Predictions of words, each from one place that was drawn for it.

    Attributes:
      logits: as of `Captioner.call`.
      attention: float32 [images, captions, length, locations], the chances that
        the places were drawn by.
      log_chances: float32 [images, captions, length], natural logarithm of the
        chance of the place that was drawn.
    """

    logits: tf.Tensor
    attention: tf.Tensor
    log_chances: tf.Tensor


@runtime_checkable
class DrawsPlaces(Protocol):
    """A captioner whose words can each look at one place of the grid."""

    def draw(
        self,
        grid: tf.Tensor,
        tokens: tf.Tensor,
        numbers: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> Drawn:
        """As `Captioner.call`, with one place instead of the mean of all.

        Args:
          grid: [images, locations, depth], any float dtype.
          tokens: int32 [images, captions, length], beginning with START.
          numbers: float32 [images, captions, length] in [0, 1), which decide
            the places.
          dropout: draws the masks of training; None outside training.
        """
