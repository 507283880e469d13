"""A second captioner, at the running mean of the trained one's weights."""

from collections.abc import Sequence

import keras
import tensorflow as tf


class WeightAverage:
    """Keeps the mean of the weights, the latest ones before all.

    Polyak and Juditsky 1992, but each update leaves `decay` of the mean, or
    (1 + updates) / (10 + updates) while that is less: as in
    `tf.train.ExponentialMovingAverage`, so that the first weights, which are
    noise, are soon forgotten.

    Attributes:
      captioner: holds the mean.
    """

    def __init__(self, captioner: keras.Model, decay: float):
        """Takes a captioner that nothing else changes.

        Args:
          captioner: equal to the trained one, and made under the same scope.
          decay: share of the mean that an update leaves, in (0, 1).
        """
        self.captioner, self._decay = captioner, decay

    def update(
        self, weights: Sequence[keras.Variable], updates: tf.Tensor
    ) -> None:
        """On one replica: takes new weights into the mean.

        Args:
          weights: float32, the trained ones, in the captioner's order; alike on
            every replica.
          updates: int [], made so far, this one included.
        """
        # What the decay leaves; in float32 it has more digits than the decay.
        share = tf.maximum(
            1 - self._decay, 9 / (10 + tf.cast(updates, tf.float32))
        )
        extended = tf.distribute.get_strategy().extended
        means = self.captioner.trainable_variables
        for mean, weight in zip(means, weights, strict=True):
            extended.update(mean.value, _move, (weight.value, share))


def _move(mean: tf.Variable, weight: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    return mean.assign_add((weight - mean) * share)
