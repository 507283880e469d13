"""Measures the teacher-forced loss of a split."""

from typing import Any

import numpy as np
import tensorflow as tf

from trainer.captioners import contract
from trainer.data import batches as batches_lib
from trainer.devices import workers


class LossOfSplit:
    """Teacher-forced loss of a split, with its images or with others'."""

    def __init__(
        self, *, strategy: tf.distribute.Strategy, captioner: contract.Captioner
    ):
        """Prepares the measurement.

        Args:
          strategy: runs the captioner on its replicas.
          captioner: whose weights were made under the strategy's scope.
        """
        self._strategy, self._captioner = strategy, captioner
        self._crew = workers.Workers(strategy)

    def measure(self, split: batches_lib.CaptionDataset) -> float:
        """Returns the mean loss in nats per real token.

        Args:
          split: made with `shuffle=False`.
        """
        losses, tokens = self.per_image(split)
        return float(losses.sum() / max(tokens.sum(), 1.0))

    def per_image(
        self, split: batches_lib.CaptionDataset, *, swap_images: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Measures every image of the split once, by its first captions.

        Args:
          split: made with `shuffle=False`.
          swap_images: whether each image's captions get the grid of the
            split's next image. The loss then rises by what the captioner owes
            to the image.

        Returns:
          The summed loss in nats and the number of tokens, float32 [images]
          each, in the same order in every call.
        """
        batches = split.distribute_once(self._strategy, swap_images=swap_images)
        sums = [
            self._gathered(next(batches)) for _ in range(split.steps_per_epoch)
        ]
        losses, tokens = np.concatenate(sums, axis=1)
        return losses[tokens > 0], tokens[tokens > 0]

    def _gathered(self, batch: Any) -> np.ndarray:
        """Loss and tokens, float32 [2, images] over all replicas."""
        parts = self._strategy.experimental_local_results(self._sums(batch))
        # With several workers, each replica holds the sums of all replicas.
        parts = parts[:1] if self._crew.count > 1 else parts
        return np.concatenate([part.numpy() for part in parts], axis=1)

    @tf.function
    def _sums(self, batch: Any) -> Any:
        return self._strategy.run(self.replica_sums, (batch,))

    def replica_sums(self, batch: batches_lib.Batch) -> tf.Tensor:
        """Sums each image's loss and counts its tokens, on one replica.

        Args:
          batch: this replica's images.

        Returns:
          float32 [2, images]: losses in nats, then tokens. With several workers
          they are those of all replicas' images.
        """
        tokens, weights = batch["tokens"], batch["weights"]
        logits, _ = self._captioner(batch["grid"], contract.shift_right(tokens))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)
        sums = tf.stack(
            [
                tf.reduce_sum(losses * weights, axis=[1, 2]),
                tf.reduce_sum(weights, axis=[1, 2]),
            ]
        )
        if self._crew.count == 1:
            return sums
        every = tf.transpose(workers.of_replicas(sums), [1, 0, 2])
        return tf.reshape(every, [2, -1])
