"""What a captioner is: the contract that everything else is written against.

A captioner has two entries that must agree: the teacher-forced `call`, and
`step`, one token at a time with explicit state, which decoding uses. The
caption axis of training and the hypothesis axis of decoding are the same axis,
[images, hypotheses, ...].

To add one: a file here, its constructor in `configurable.py`, a gin file. The
conformance suite runs it because `configurable.py` names it.
"""

from typing import Any

import keras
import tensorflow as tf

from trainer.captioners import dropout as dropout_lib

Memory = Any
"""A nest of tensors [images, ...]: what is computed once per image."""
State = Any
"""A nest of tensors [images, hypotheses, ...]: carried from token to token."""


class Captioner(keras.Model):
    """Grids and words -> logits of the next word.

    A subclass is constructed with keywords only. `vocabulary_size`,
    `locations`, `depth` and `log_unigram` (float32 [vocabulary_size]) are
    given to it; all its other arguments are settings that have defaults. It
    makes every weight in its constructor, so that a checkpoint can be restored
    before the first call.

    Attributes:
      settings: the settings that decide the weights, as JSON values; a run
        refuses to go on with others.
      uses_image: false for a blind captioner, whose logits must not depend on
        the grid.
      dropout_rate: of training, 0 for none.
    """

    settings: dict[str, Any]
    uses_image: bool = True
    dropout_rate: float = 0.0

    def remember(
        self,
        grid: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> Memory:
        """What is computed once per image.

        Args:
          grid: [images, locations, depth], any float dtype.
          dropout: None outside training.

        Returns:
          A nest of tensors [images, ...].
        """
        raise NotImplementedError

    def initial_state(self, memory: Memory, hypotheses: int) -> State:
        """The state before the first word.

        Args:
          memory: from `remember`.
          hypotheses: of each image.

        Returns:
          A nest of tensors [images, hypotheses, ...], all hypotheses alike.
        """
        raise NotImplementedError

    def step(
        self, memory: Memory, state: State, tokens: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None, State]:
        """One token of each hypothesis.

        Args:
          memory: from `remember`.
          state: from `initial_state` or the step before; decoding reorders
            its hypotheses.
          tokens: int32 [images, hypotheses].

        Returns:
          Logits float32 [images, hypotheses, vocabulary] of the token after;
          attention float32 [images, hypotheses, locations], or None for a
          captioner without; the new state.
        """
        raise NotImplementedError

    def call(
        self,
        grid: tf.Tensor,
        tokens: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Teacher forcing: every position sees the true words before it.

        Args:
          grid: [images, locations, depth].
          tokens: int32 [images, captions, length], beginning with START.
          dropout: None outside training.

        Returns:
          Logits float32 [images, captions, length, vocabulary] of the token
          after each, and attention float32 [images, captions, length,
          locations], or None.
        """
        raise NotImplementedError
