"""How much likelier a caption is with its image than with other images."""

import numpy as np
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import contract
from trainer.decoding import step, teacher_forcing


class ImageGain:
    """Compares the likelihood of captions with that under other images.

    It is the pointwise mutual information of caption and image,
    log p(c | x) - log p(c), by which Kornblith et al. 2023 (arXiv 2307.16686)
    guide captions, divided by the caption's tokens. Here log p(c) is the mean
    of log p(c | x') over other images x', so that no second captioner is needed
    and the gain is to a caption what the swap gap is to a captioner. The log of
    the mean of p(c | x') is that of the most similar image alone.
    """

    def __init__(self, captioner: contract.Captioner, others: np.ndarray):
        """Takes a captioner, and grids to compare with.

        Args:
          captioner: trained.
          others: [others, locations, depth], any float dtype.
        """
        self._captioner, self._others = captioner, others
        self._losses = teacher_forcing.TeacherForcing(captioner)

    def __call__(self, decoded: step.Decoded) -> np.ndarray:
        """Measures the best captions, each with its likelihood by its image.

        Returns:
          Nats per token, END included, float32 [images]. It is zero where the
          caption owes nothing to its image, and below where other images make
          it likelier.
        """
        return np.asarray(
            self._gains(decoded.tokens[:, 0], decoded.log_probs[:, 0])
        )

    @tf.function
    def _gains(self, tokens: tf.Tensor, log_probs: tf.Tensor) -> tf.Tensor:
        counts = tf.math.count_nonzero(tokens, axis=1)
        tokens = tokens[:, : tf.reduce_max(counts)]
        memory = self._captioner.remember(tf.constant(self._others))
        state = self._captioner.initial_state(memory, tokens.shape[0])
        said = contract.shift_right(tokens)
        losses, _ = self._losses(
            state, memory, self._of_each(said), self._of_each(tokens)
        )
        losses = tf.where(tokens != vocabulary.PAD, losses, 0)
        usual = -tf.reduce_mean(tf.reduce_sum(losses, axis=2), axis=0)
        return (log_probs - usual) / tf.maximum(tf.cast(counts, tf.float32), 1)

    def _of_each(self, tokens: tf.Tensor) -> tf.Tensor:
        """Says the captions of each of the others."""
        return tf.tile(tokens[None], [len(self._others), 1, 1])
