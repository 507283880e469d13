"""A second captioner, at the running mean of the trained one's weights."""

from collections.abc import Sequence

import keras
import tensorflow as tf


class WeightAverage:
    """Keeps an exponential running mean of the weights.

    Polyak and Juditsky 1992, with the decay of
    `tf.train.ExponentialMovingAverage`: the smaller of `decay` and
    (1 + updates) / (10 + updates), so that the mean soon forgets the first
    weights, which are noise.

    Attributes:
      captioner: holds the mean.
    """

    def __init__(self, captioner: keras.Model, decay: float):
        """Starts at the captioner's own weights.

        Args:
          captioner: equal to the trained one, made under the same scope, and
            changed by nothing else.
          decay: share of the mean that an update keeps, in (0, 1).
        """
        self.captioner, self._decay = captioner, decay

    def update(
        self, weights: Sequence[keras.Variable], updates: tf.Tensor
    ) -> None:
        """Adds new weights to the mean; call it on each replica.

        Args:
          weights: float32, the trained captioner's, in the same order; equal on
            every replica.
          updates: int [], number of updates so far, with this one.
        """
        # 1 - decay has more significant digits in float32 than the decay has.
        share = tf.maximum(
            1 - self._decay, 9 / (10 + tf.cast(updates, tf.float32))
        )
        extended = tf.distribute.get_strategy().extended
        means = self.captioner.trainable_variables
        for mean, weight in zip(means, weights, strict=True):
            extended.update(mean.value, _move, (weight.value, share))


def _move(mean: tf.Variable, weight: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Moves a mean towards a weight, both of the same shape."""
    return mean.assign_add((weight - mean) * share)
