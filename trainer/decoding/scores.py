"""Log probabilities of tokens, and the length penalty."""

import tensorflow as tf

from pipeline.recordset import vocabulary

NEVER = -1e9


def log_probs(logits: tf.Tensor) -> tf.Tensor:
    """Computes a log softmax in which PAD, UNK and START never win.

    Args:
      logits: float32 [..., vocabulary].

    Returns:
      float32 [..., vocabulary]; the three tokens have `NEVER` added.
    """
    return sayable(tf.nn.log_softmax(logits))


def sayable(scores: tf.Tensor) -> tf.Tensor:
    """Adds `NEVER` to the scores of PAD, UNK and START.

    Args:
      scores: float32 [..., vocabulary].
    """
    banned = tf.one_hot(
        [vocabulary.PAD, vocabulary.UNK, vocabulary.START],
        scores.shape[-1],
    )
    return scores + NEVER * tf.reduce_sum(banned, axis=0)


def length_penalty(length: tf.Tensor | float, power: float) -> tf.Tensor:
    """Computes ((5 + length) / 6) ** power (Wu et al. 2016, equation 14)."""
    return ((5.0 + tf.cast(length, tf.float32)) / 6.0) ** power
