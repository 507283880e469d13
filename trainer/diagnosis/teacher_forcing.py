"""Teacher forcing in which each path to the words is given by itself."""

import numpy as np
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import contract


class TeacherForcing:
    """Cross entropy of true captions, with each path to the words apart."""

    def __init__(self, captioner: contract.Captioner):
        """Takes a trained captioner."""
        self._captioner = captioner

    def per_image(
        self,
        state: contract.State,
        memory: contract.Memory,
        said: tf.Tensor,
        tokens: tf.Tensor,
        weights: tf.Tensor,
    ) -> np.ndarray:
        """Loss of each image in nats per token, float64 [images].

        Args:
          state: before the first word.
          memory: what is read at each word.
          said: int32 [images, captions, length], the words that are read.
          tokens: int32, as `said`; the words that should be predicted.
          weights: float32, as `said`.
        """
        losses, _ = self._forced(state, memory, said, tokens)
        sums = tf.reduce_sum(losses * weights, axis=[1, 2])
        counts = tf.reduce_sum(weights, axis=[1, 2])
        return np.asarray(sums / tf.maximum(counts, 1.0), np.float64)

    def guesses(
        self,
        state: contract.State,
        memory: contract.Memory,
        said: tf.Tensor,
        tokens: tf.Tensor,
    ) -> np.ndarray:
        """The likeliest word at each place, int32, as `said`.

        The arguments are those of `per_image`.
        """
        _, guesses = self._forced(state, memory, said, tokens)
        return np.asarray(guesses)

    @tf.function(reduce_retracing=True)
    def _forced(
        self,
        state: contract.State,
        memory: contract.Memory,
        said: tf.Tensor,
        tokens: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        losses, guesses = [], []
        for word, token in zip(
            tf.unstack(said, axis=2), tf.unstack(tokens, axis=2), strict=True
        ):
            logits, _, state = self._captioner.step(memory, state, word)
            losses.append(
                tf.nn.sparse_softmax_cross_entropy_with_logits(token, logits)
            )
            guesses.append(tf.argmax(logits, axis=-1, output_type=tf.int32))
        return tf.stack(losses, axis=2), tf.stack(guesses, axis=2)


def hidden(said: tf.Tensor) -> tf.Tensor:
    """Hides the words that are read: each becomes UNK."""
    return tf.where(said > vocabulary.END, vocabulary.UNK, said)
