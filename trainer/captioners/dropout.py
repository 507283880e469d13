"""Dropout masks that depend on (seed, step, stream), never on the device."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from pipeline.recordset import vocabulary

_MANTISSA = 23


@dataclasses.dataclass(frozen=True)
class StreamDropout:
    """Draws one mask for each virtual stream of a batch.

    Keras' dropout draws the same mask on every replica, and checkpoints do not
    hold its state. These masks are the same on one device, two replicas or two
    workers, and in a run that was interrupted and resumed.

    Attributes:
      rate: share of the values that are dropped, in [0, 1).
      seed: the run's seed.
      step: int64 [], the number of the update.
      streams: int64 [streams], the numbers of the streams whose examples the
        batch holds, in order.

    Raises:
      ValueError: `rate` lies outside [0, 1).
    """

    rate: float
    seed: int
    step: tf.Tensor
    streams: tf.Tensor

    def __post_init__(self) -> None:
        """Validates the rate."""
        if not 0 <= self.rate < 1:
            raise ValueError(
                f"`dropout_rate` must lie in [0, 1), got {self.rate}"
            )

    def __call__(self, values: tf.Tensor, layer: int) -> tf.Tensor:
        """Drops values and scales the rest by 1 / (1 - rate).

        Args:
          values: [images, ...], any float dtype; each stream has the same
            number of consecutive images.
          layer: which mask of the update: a number from 0 to 4095 that no other
            call uses.

        Returns:
          The same shape and dtype.
        """
        if not self.rate:
            return values
        # Bits are compared as they are: floats of them would cost two passes.
        dropped = math.ceil(np.float32(self.rate) * 2.0**_MANTISSA)
        kept = self._bits(values.shape, layer) >= np.uint32(dropped)
        scaled = values * (1 / (1 - self.rate))
        return tf.where(kept, scaled, tf.zeros([], scaled.dtype))

    def words(self, tokens: tf.Tensor, rate: float, layer: int) -> tf.Tensor:
        """Replaces words by UNK (Bowman et al. 2016, section 3.1).

        Args:
          tokens: int32 [images, ...]; each stream has the same number of
            consecutive images.
          rate: share of the tokens that become UNK, in [0, 1); START stays.
          layer: which mask of the update: a number from 0 to 4095 that no other
            call uses.

        Returns:
          The same shape and dtype.
        """
        if not rate:
            return tokens
        hidden = self.uniform(tokens.shape, layer) < rate
        hidden &= tokens != vocabulary.START
        return tf.where(hidden, vocabulary.UNK, tokens)

    def uniform(
        self, shape: tf.TensorShape | Sequence[int], layer: int
    ) -> tf.Tensor:
        """Draws float32 numbers in [0, 1), for each stream on its own.

        Args:
          shape: [images, ...]; each stream has the same number of consecutive
            images.
          layer: which numbers of the update: from 0 to 4095, one that no other
            call uses.
        """
        # XLA and each precision make other floats of random bits.
        low = tf.cast(self._bits(shape, layer), tf.float32)
        return low / 2**_MANTISSA

    def _bits(
        self, shape: tf.TensorShape | Sequence[int], layer: int
    ) -> tf.Tensor:
        """Draws uint32 numbers below 2^23; the arguments are `uniform`'s."""
        streams = tf.unstack(self.streams)
        part = [shape[0] // len(streams), *shape[1:]]
        bits = [
            tf.random.stateless_uniform(
                part, self._key(stream, layer), None, None, tf.uint32
            )
            for stream in streams
        ]
        return tf.concat(bits, axis=0) & (2**_MANTISSA - 1)

    def _key(self, stream: tf.Tensor, layer: int) -> tf.Tensor:
        """Returns int64 [2], unique for each (seed, step, stream, layer)."""
        source = tf.constant(self.seed * 4096 + layer, tf.int64)
        return tf.stack([source, self.step * 65536 + stream])
