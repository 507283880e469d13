"""From features to logits, by a layer that begins at the unigram model."""

import keras
import numpy as np
import tensorflow as tf


class TiedOutput(keras.layers.Layer):
    """The output whose matrix is that of the embeddings (Press and Wolf 2017).

    The bias is its own.
    """

    def __init__(
        self,
        embed: keras.layers.Embedding,
        log_unigram: np.ndarray,
        scale: float,
    ):
        """Shares a matrix.

        Args:
          embed: tokens -> embeddings, built.
          log_unigram: float32 [vocabulary], first values of the bias.
          scale: factor of the features.
        """
        super().__init__(name="logits")
        self.embed, self._scale = embed, scale
        self.bias = self.add_weight(
            shape=[len(log_unigram)],
            initializer=keras.initializers.Constant(log_unigram),
            name="bias",
        )
        self.built = True

    def call(self, features: tf.Tensor) -> tf.Tensor:
        """[..., embedding units] -> [..., vocabulary]."""
        matrix = tf.convert_to_tensor(self.embed.embeddings)
        # Of a product of more axes, the gradient would hold a matrix for each.
        flat = tf.reshape(features * self._scale, [-1, matrix.shape[1]])
        logits = tf.matmul(flat, matrix, transpose_b=True) + self.bias
        shape = keras.ops.shape(features)[:-1]
        return tf.reshape(logits, [*shape, matrix.shape[0]])


def layer(
    log_unigram: np.ndarray,
    units: int,
    *,
    scale: float = 1.0,
    tied_to: keras.layers.Embedding | None = None,
) -> keras.layers.Layer:
    """The layer from features to logits, built.

    Args:
      log_unigram: float32 [vocabulary], first values of the bias.
      units: number of features.
      scale: variance of the first logits, in that of Glorot and Bengio 2010 or
        of the embeddings; less than one where features are large, so that the
        bias still counts.
      tied_to: the embeddings whose matrix is the output's too; None for one of
        its own.

    Raises:
      ValueError: embeddings of another width than the features.
    """
    if tied_to is None:
        dense = keras.layers.Dense(
            len(log_unigram),
            kernel_initializer=keras.initializers.VarianceScaling(
                scale, "fan_avg", "uniform"
            ),
            bias_initializer=keras.initializers.Constant(log_unigram),
            name="logits",
        )
        dense.build([None, units])
        return dense
    if tied_to.output_dim != units:
        raise ValueError(
            "`tied_embeddings` needs `embedding_units` to be `units`, got "
            f"{tied_to.output_dim} and {units}"
        )
    return TiedOutput(tied_to, log_unigram, scale**0.5)
