"""What training adds so that a captioner needs its image.

All of it is off by default. What is hidden is drawn like dropout, alike on any
number of replicas.
"""

import dataclasses
import enum

import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import dropout as dropout_lib


class _Mask(enum.IntEnum):
    """Numbers of an update's masks; a captioner's own begin at zero."""

    CAPTIONS = 4000
    IMAGES = 4001
    OWN_WORDS = 4002


@dataclasses.dataclass(frozen=True)
class Grounding:
    """What training hides, and which pairs it tells apart.

    Attributes:
      hidden_captions: share of the captions whose words are all read as
        unknown, so that each is predicted from the image and its place alone
        (parallel prediction of Tschannen et al. 2023, section 3).
      hidden_images: share of the images whose grid is read as zeros. It trains
        the blind branch that guided decoding needs (Ho & Salimans 2022).
      own_words: share of the words read that are the captioner's own guesses
        (scheduled sampling, Bengio et al. 2015, in two parallel passes as in
        Mihaylova & Martins 2019).
      contrast: factor of a logistic loss on how much likelier a caption is
        with its image than with another of its stream (Dai & Lin 2017,
        equation 6, against the captioner itself).
      divergence: factor of the Kullback-Leibler divergence of a prediction with
        the image from the one with another image, which is raised.
      divergence_limit: nats of a word beyond which the divergence is worth
        nothing more: else it grows for ever, on wrong words.

    Raises:
      ValueError: a share outside [0, 1), a negative factor, or a limit that is
        not positive.
    """

    hidden_captions: float = 0.0
    hidden_images: float = 0.0
    own_words: float = 0.0
    contrast: float = 0.0
    divergence: float = 0.0
    divergence_limit: float = 1.0

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        for name in ("hidden_captions", "hidden_images", "own_words"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must lie in [0, 1), got {getattr(self, name)}"
                )
        for name in ("contrast", "divergence"):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"`{name}` must not be negative, got {getattr(self, name)}"
                )
        if self.divergence_limit <= 0:
            raise ValueError(
                "`divergence_limit` must be positive, got "
                f"{self.divergence_limit}"
            )

    @property
    def compares(self) -> bool:
        """Whether captions are also predicted from other images."""
        return self.contrast > 0 or self.divergence > 0

    def hide_images(
        self, grid: tf.Tensor, masks: dropout_lib.StreamDropout
    ) -> tf.Tensor:
        """Replaces a share of the grids by zeros.

        Args:
          grid: [images, locations, depth], any float dtype.
          masks: draws which.

        Returns:
          The same shape and dtype.
        """
        if not self.hidden_images:
            return grid
        drawn = masks.uniform([grid.shape[0], 1, 1], _Mask.IMAGES)
        return tf.where(drawn < self.hidden_images, tf.zeros_like(grid), grid)

    def hide_captions(
        self, said: tf.Tensor, masks: dropout_lib.StreamDropout
    ) -> tf.Tensor:
        """Replaces all words of a share of the captions by UNK.

        Args:
          said: int32 [images, captions, length]; START stays.
          masks: draws which.

        Returns:
          The same shape.
        """
        if not self.hidden_captions:
            return said
        drawn = masks.uniform([*said.shape[:2], 1], _Mask.CAPTIONS)
        hidden = (drawn < self.hidden_captions) & (said != vocabulary.START)
        return tf.where(hidden, vocabulary.UNK, said)

    def mix_own_words(
        self,
        said: tf.Tensor,
        logits: tf.Tensor,
        masks: dropout_lib.StreamDropout,
    ) -> tf.Tensor:
        """Replaces a share of the words read by the likeliest ones.

        Args:
          said: int32 [images, captions, length], beginning with START.
          logits: float32 [images, captions, length, vocabulary], predicted from
            `said`.
          masks: draws which.

        Returns:
          The shape of `said`.
        """
        guesses = tf.argmax(logits, axis=-1, output_type=tf.int32)
        guesses = tf.concat([said[..., :1], guesses[..., :-1]], axis=-1)
        drawn = masks.uniform(said.shape, _Mask.OWN_WORDS)
        hidden = said == vocabulary.UNK
        own = (drawn < self.own_words) & (said != vocabulary.PAD) & ~hidden
        return tf.where(own, guesses, said)

    def other_images(self, grid: tf.Tensor, streams: int) -> tf.Tensor:
        """Gives each image the grid of the next one of its stream.

        Args:
          grid: [images, locations, depth], the same number of each stream.
          streams: number of streams.

        Raises:
          ValueError: a stream has no other image.
        """
        each = grid.shape[0] // streams
        if each < 2:
            raise ValueError(
                "`Grounding.contrast` and `Grounding.divergence` need two "
                "images of a stream or more in a batch, got 1: lower "
                "`Batching.num_streams`"
            )
        parts = tf.reshape(grid, [streams, each, *grid.shape[1:]])
        return tf.reshape(tf.roll(parts, 1, axis=1), grid.shape)

    def gap_terms(
        self,
        logits: tf.Tensor,
        others: tf.Tensor,
        tokens: tf.Tensor,
        weights: tf.Tensor,
    ) -> tf.Tensor:
        """What is added to the loss for images that change nothing.

        Args:
          logits: float32 [images, captions, length, vocabulary].
          others: as `logits`, predicted from other images.
          tokens: int32 [images, captions, length].
          weights: float32, as `tokens`; zero for padding.

        Returns:
          A sum over the real tokens in nats, float32 [].
        """
        own, other = tf.nn.log_softmax(logits), tf.nn.log_softmax(others)
        total = tf.zeros([])
        if self.contrast:
            gaps = tf.gather(own - other, tokens, batch_dims=3) * weights
            count = tf.reduce_sum(weights, axis=2)
            gap = tf.reduce_sum(gaps, axis=2) / tf.maximum(count, 1.0)
            total += self.contrast * tf.reduce_sum(count * tf.nn.softplus(-gap))
        if self.divergence:
            # The other prediction is a yardstick: it must not be made worse.
            nats = tf.reduce_sum(
                tf.exp(own) * (own - tf.stop_gradient(other)), axis=-1
            )
            worth = tf.minimum(nats, self.divergence_limit)
            total -= self.divergence * tf.reduce_sum(worth * weights)
        return total
