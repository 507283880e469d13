"""The teacher-forced loss of a split, with its images or with others'."""

from typing import Any

import numpy as np
import tensorflow as tf

from trainer.captioners import contract
from trainer.data import batches as batches_lib
from trainer.devices import workers
from trainer.training import train_step


class LossOfSplit:
    """Teacher-forced loss of a split, with its images or with others'."""

    def __init__(
        self, *, strategy: tf.distribute.Strategy, captioner: contract.Captioner
    ):
        """Takes finished objects."""
        self._strategy, self._captioner = strategy, captioner
        self._crew = workers.Workers(strategy)

    def measure(self, split: batches_lib.CaptionDataset) -> float:
        """Mean loss in nats per real token."""
        losses, tokens = self.per_image(split)
        return float(losses.sum() / max(tokens.sum(), 1.0))

    def per_image(
        self, split: batches_lib.CaptionDataset, *, swap_images: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Every image of the split once, by its first captions.

        Args:
          split: made with `shuffle=False`.
          swap_images: give each image's captions the split's next image. The
            rise is what the captioner owes to the image.

        Returns:
          Summed loss in nats and number of tokens, float32 [images] each; the
          order is the same in every call.
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
        # With others, each replica has what all have.
        parts = parts[:1] if self._crew.count > 1 else parts
        return np.concatenate([part.numpy() for part in parts], axis=1)

    @tf.function
    def _sums(self, batch: Any) -> Any:
        return self._strategy.run(self.replica_sums, (batch,))

    def replica_sums(self, batch: batches_lib.Batch) -> tf.Tensor:
        """On one replica: each image's loss and tokens, float32 [2, images].

        Of several workers, each has the images of all.
        """
        tokens, weights = batch["tokens"], batch["weights"]
        logits, _ = self._captioner(
            batch["grid"], train_step.shift_right(tokens)
        )
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
