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
        groups = [self._rises(group).numpy() for group in self._groups]
        rises = np.concatenate([np.zeros(0, np.float32), *groups])
        if len(rises) < 2:
            return {"swap_gap": math.nan, "swap_gap_error": math.nan}
        gap = Estimate.of(rises)
        return {"swap_gap": gap.mean, "swap_gap_error": gap.error}

    @functools.cached_property
    def _groups(self) -> list[batches.Batch]:
        batch = self._data.first_images(self._images)
        return list(batches.in_groups(batch, _PART))

    @tf.function(reduce_retracing=True)
    def _rises(self, batch: batches.Batch) -> tf.Tensor:
        """Rise of the loss of each image, float32 [images]."""
        swapped = {**batch, "grid": tf.roll(batch["grid"], 1, axis=0)}
        return self._loss(swapped) - self._loss(batch)

    def _loss(self, batch: batches.Batch) -> tf.Tensor:
        tokens, weights = batch["tokens"], batch["weights"]
        logits, _ = self._captioner(
            batch["grid"], train_step.shift_right(tokens)
        )
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)
        sums = tf.reduce_sum(losses * weights, axis=[1, 2])
        counts = tf.reduce_sum(weights, axis=[1, 2])
        return sums / tf.maximum(counts, 1.0)
