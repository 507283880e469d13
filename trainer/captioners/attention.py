"""Soft attention over the locations of a grid."""

import keras
import tensorflow as tf


class AdditiveAttention(keras.layers.Layer):
    """Bahdanau et al. 2015, as Xu et al. 2015 use it (equations 4 and 5).

    Scores are v . tanh(key + W query); the weights are their softmax over the
    locations, in float32 whatever the dtype policy.
    """

    def __init__(self, units: int, **kwargs):
        """Keys and projected queries have `units` features each."""
        super().__init__(**kwargs)
        self.query = keras.layers.Dense(units, name="query")
        self.score = keras.layers.Dense(1, use_bias=False, name="score")

    def build(self, query_depth: int, units: int) -> None:
        """Makes the weights.

        Args:
          query_depth: features of a query.
          units: features of a key.
        """
        self.query.build([None, query_depth])
        self.score.build([None, units])
        self.built = True

    def call(
        self,
        query: tf.Tensor,
        keys: tf.Tensor,
        values: tf.Tensor,
        beside: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Attends once for each hypothesis.

        Args:
          query: [images, hypotheses, query depth], in the compute dtype.
          keys: [images, locations, units], projected once per image, in the
            compute dtype.
          values: [images, locations, depth], in the compute dtype.
          beside: [images, hypotheses, units], the key of something that is no
            place and competes with the places; None for nothing.

        Returns:
          The context [images, hypotheses, depth] and the weights, float32
          [images, hypotheses, locations], which sum to one, or with `beside` to
          what it leaves.
        """
        query = self.query(query)
        # The gradient of a slice is a padded copy, that of a new axis is free.
        scores = self._scores(tf.expand_dims(keys, 1), tf.expand_dims(query, 2))
        if beside is None:
            weights = tf.nn.softmax(scores)
        else:
            other = tf.expand_dims(self._scores(beside, query), -1)
            scores = tf.concat([scores, other], axis=-1)
            weights = tf.nn.softmax(scores)[..., : keys.shape[1]]
        return tf.matmul(tf.cast(weights, values.dtype), values), weights

    def _scores(self, keys: tf.Tensor, query: tf.Tensor) -> tf.Tensor:
        hidden = tf.tanh(keys + query)
        return tf.cast(tf.squeeze(self.score(hidden), -1), tf.float32)
