"""What another image costs: the sign, during a training, that images count."""

import functools
import math

import numpy as np
import tensorflow as tf

from trainer.captioners import contract
from trainer.data import batches
from trainer.evaluation.estimate import Estimate
from trainer.training import train_step

# Images whose logits lie in memory at once.
_PART = 32


class SwapGap:
    """By how much the loss rises if images get their neighbour's grid."""

    def __init__(
        self,
        captioner: contract.Captioner,
        data: batches.CaptionDataset,
        images: int = 64,
    ):
        """Takes a captioner and a split; reads nothing yet.

        Args:
          captioner: called without dropout.
          data: of the split.
          images: the first so many are swapped.
        """
        self._captioner, self._data, self._images = captioner, data, images

    def __call__(self) -> dict[str, float]:
        """Returns `swap_gap` and its standard error, in nats per token.

        Both are NaN of one image, which has no other.
        """
        rises = np.concatenate(
            [
                self._rises(grid, tokens, weights).numpy()
                for grid, tokens, weights in self._parts
            ]
            or [np.zeros(0)]
        )
        if len(rises) < 2:
            return {"swap_gap": math.nan, "swap_gap_error": math.nan}
        gap = Estimate.of(rises)
        return {"swap_gap": gap.mean, "swap_gap_error": gap.error}

    @functools.cached_property
    def _parts(self) -> list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
        """Grid, tokens and weights of a few images each, two at least."""
        batch = self._data.first_images(self._images)
        names = ("grid", "tokens", "weights")
        begins = range(0, len(batch["grid"]), _PART)
        parts = [
            tuple(batch[name][begin : begin + _PART] for name in names)
            for begin in begins
        ]
        return [part for part in parts if len(part[0]) > 1]

    @tf.function(reduce_retracing=True)
    def _rises(
        self, grid: tf.Tensor, tokens: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        """Rise of the loss of each image, float32 [images]."""
        own = self._loss(grid, tokens, weights)
        return self._loss(tf.roll(grid, 1, axis=0), tokens, weights) - own

    def _loss(
        self, grid: tf.Tensor, tokens: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        logits, _ = self._captioner(grid, train_step.shift_right(tokens))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)
        sums = tf.reduce_sum(losses * weights, axis=[1, 2])
        counts = tf.reduce_sum(weights, axis=[1, 2])
        return sums / tf.maximum(counts, 1.0)
