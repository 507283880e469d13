"""How much likelier a caption is with its image than with other images."""

import numpy as np
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import contract
from trainer.decoding import teacher_forcing


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

    def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> np.ndarray:
        """Measures captions.

        Args:
          grid: [images, locations, depth], any float dtype.
          tokens: int32 [images, length]; PAD follows the last token.

        Returns:
          Nats per token, END included, float32 [images]. It is zero where the
          caption owes nothing to its image, and below where other images make
          it likelier.
        """
        return np.asarray(self._gains(grid, tokens))

    @tf.function
    def _gains(self, grid: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
        longest = tf.reduce_max(tf.math.count_nonzero(tokens, axis=1))
        tokens = tokens[:, :longest]
        own = self._log_probs(self._captioner.remember(grid), tokens[:, None])
        count = len(self._others)
        memory = self._captioner.remember(tf.constant(self._others))
        with_others = self._log_probs(
            memory, tf.tile(tokens[None], [count, 1, 1])
        )
        usual = tf.reduce_mean(with_others, axis=0)
        words = tf.math.count_nonzero(tokens, axis=1, dtype=tf.float32)
        return (own[:, 0] - usual) / tf.maximum(words, 1.0)

    def _log_probs(
        self, memory: contract.Memory, tokens: tf.Tensor
    ) -> tf.Tensor:
        """Log probability of captions [images, captions, length]."""
        said = tf.pad(
            tokens[..., :-1],
            [[0, 0], [0, 0], [1, 0]],
            constant_values=vocabulary.START,
        )
        state = self._captioner.initial_state(memory, tokens.shape[1])
        losses, _ = self._losses(state, memory, said, tokens)
        return -tf.reduce_sum(tf.where(tokens != vocabulary.PAD, losses, 0), 2)
