"""Cross entropy summed over the real tokens of a batch."""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class CaptionLoss:
    """Cross entropy, summed: the step divides by the global count of tokens.

    Attributes:
      label_smoothing: share of the target spread over the vocabulary.
      coverage_weight: factor of the doubly stochastic attention term (Xu et al.
        2015, equation 14). Their target of one look at each location can't
        be met by T words over L > T locations. The target here is T / L, the
        mean that softmax fixes, so that the term is zero at uniform coverage.
      repeat_power: a caption that n captions of the train split equal, itself
        included, counts n to the power of minus this, in proportion to the
        others; see `caption_weights`. At one, equal captions count as much
        together as any other.

    Raises:
      ValueError: a smoothing outside [0, 1), or a negative weight or power.
    """

    label_smoothing: float = 0.0
    coverage_weight: float = 0.0
    repeat_power: float = 0.0

    def __post_init__(self) -> None:
        """Validates once, where the loss is made."""
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                "`label_smoothing` must lie in [0, 1), got "
                f"{self.label_smoothing}"
            )
        for name in ("coverage_weight", "repeat_power"):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"`{name}` must not be negative, got {getattr(self, name)}"
                )

    def __call__(
        self,
        logits: tf.Tensor,
        attention: tf.Tensor | None,
        tokens: tf.Tensor,
        weights: tf.Tensor,
        worth: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Sums over a replica's batch.

        Args:
          logits: float32 [images, captions, length, vocabulary].
          attention: float32 [images, captions, length, locations], or None
            for a captioner without attention.
          tokens: int32 [images, captions, length].
          weights: float32 [images, captions, length]; zero for padding.
          worth: float32 [images, captions], what each caption counts; None for
            one each.

        Returns:
          The loss to minimise and the plain cross entropy to report, both in
          nats, float32 []. What captions count is no part of the latter.

        Raises:
          ValueError: there is a coverage term and no attention.
        """
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)
        cross_entropy = tf.reduce_sum(nats * weights)
        total = cross_entropy
        if self.label_smoothing:
            nats = self._smoothed(logits, tokens)
        if self.label_smoothing or worth is not None:
            total = tf.reduce_sum(nats * counted(weights, worth))
        if self.coverage_weight:
            if attention is None:
                raise ValueError(
                    "`coverage_weight` needs a captioner with attention, got "
                    f"{self.coverage_weight}"
                )
            term = counted(self._coverage(attention, weights), worth)
            total += self.coverage_weight * tf.reduce_sum(term)
        return total, cross_entropy

    def _smoothed(self, logits: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
        """Cross entropy of a softened target (Szegedy et al. 2016, section 7).

        In the shape of `tokens`, float32.
        """
        words = logits.shape[-1]
        spread = self.label_smoothing / words
        truth = 1 - self.label_smoothing + spread
        target = tf.one_hot(tokens, words, truth, spread)
        return tf.nn.softmax_cross_entropy_with_logits(target, logits)

    def _coverage(self, attention: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """The coverage terms, float32 [images, captions, locations]."""
        looked = tf.reduce_sum(attention * weights[..., None], axis=2)
        words = tf.reduce_sum(weights, axis=2)[..., None]
        target = words / tf.cast(tf.shape(attention)[-1], tf.float32)
        return tf.square(target - looked)


def counted(values: tf.Tensor, worth: tf.Tensor | None) -> tf.Tensor:
    """Multiplies what captions have by what each of them counts.

    Args:
      values: float32 [images, captions, ...], of three axes.
      worth: float32 [images, captions]; None for one each.

    Returns:
      The shape of `values`.
    """
    return values if worth is None else values * worth[..., None]
