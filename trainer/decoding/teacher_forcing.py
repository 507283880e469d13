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
        losses, _ = self(state, memory, said, tokens)
        return mean_of_each(losses, weights)

    @tf.function(reduce_retracing=True)
    def __call__(
        self,
        state: contract.State,
        memory: contract.Memory,
        said: tf.Tensor,
        tokens: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Loss in nats of each word, float32, and the likeliest word, int32.

        The arguments are those of `per_image`; both results are as `said`.
        """
        length = tf.shape(said)[2]

        def body(place, state, losses, guesses):  # noqa: ANN001, ANN202
            word, token = said[:, :, place], tokens[:, :, place]
            logits, _, state = self._captioner.step(memory, state, word)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(token, logits)
            guess = tf.argmax(logits, axis=-1, output_type=tf.int32)
            losses = losses.write(place, loss)
            return place + 1, state, losses, guesses.write(place, guess)

        *_, losses, guesses = tf.while_loop(
            lambda place, *_: place < length,
            body,
            (
                tf.constant(0),
                state,
                tf.TensorArray(tf.float32, length),
                tf.TensorArray(tf.int32, length),
            ),
        )
        return (
            tf.transpose(losses.stack(), [1, 2, 0]),
            tf.transpose(guesses.stack(), [1, 2, 0]),
        )


def mean_of_each(losses: tf.Tensor, weights: tf.Tensor) -> np.ndarray:
    """Loss of each image in nats per token, float64 [images].

    Args:
      losses: float32 [images, captions, length], nats of each word.
      weights: float32, as `losses`.
    """
    sums = tf.reduce_sum(losses * weights, axis=[1, 2])
    counts = tf.reduce_sum(weights, axis=[1, 2])
    return np.asarray(sums / tf.maximum(counts, 1.0), np.float64)


def hidden(said: tf.Tensor) -> tf.Tensor:
    """Hides the words that are read: each becomes UNK."""
    return tf.where(said > vocabulary.END, vocabulary.UNK, said)
