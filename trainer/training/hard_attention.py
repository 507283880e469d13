"""Hard attention (Xu et al. 2015, section 4.1): each word looks at one place.

A place is drawn, so no gradient passes through the choice. A place becomes
likelier as the words from its own on are likelier than with the mean of all
places (REINFORCE, Williams 1992, with the self-critical baseline of Rennie et
al. 2017). The paper's moving average would be state of the run, shared by
captions of all lengths; this baseline is the caption's own, and no draw changes
it, so that the gradient stays unbiased.
"""

import dataclasses
import enum

import tensorflow as tf

from trainer.captioners import contract
from trainer.captioners import dropout as dropout_lib


class _Mask(enum.IntEnum):
    """Numbers of an update's draws; see `grounding`."""

    PLACES = 4020


@dataclasses.dataclass(frozen=True)
class HardAttention:
    """Settings of hard attention, and what it adds to a loss.

    Attributes:
      expected_share: share of the loss that is predicted from the mean of all
        places. The paper tosses a coin for each image; this is the mean over
        the tosses.
      reward_weight: factor of the places' gradient, lambda_r of equation 12; at
        one it is that of the expected loss.
      entropy_weight: nats of loss that a nat of the places' entropy takes away,
        lambda_e of equation 12.

    Raises:
      ValueError: a share outside [0, 1), or a negative weight.
    """

    expected_share: float = 0.5
    reward_weight: float = 1.0
    entropy_weight: float = 0.002

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        if not 0 <= self.expected_share < 1:
            raise ValueError(
                "`expected_share` must lie in [0, 1), got "
                f"{self.expected_share}"
            )
        for name in ("reward_weight", "entropy_weight"):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"`{name}` must not be negative, got {getattr(self, name)}"
                )

    def draw(
        self,
        captioner: contract.Captioner,
        grid: tf.Tensor,
        said: tf.Tensor,
        masks: dropout_lib.StreamDropout,
    ) -> contract.Drawn:
        """Predicts each word from one place.

        Args:
          captioner: a `contract.DrawsPlaces`.
          grid: [images, locations, depth], any float dtype.
          said: int32 [images, captions, length], beginning with START.
          masks: draws the places, and dropout.

        Raises:
          ValueError: the captioner draws no places.
        """
        if not isinstance(captioner, contract.DrawsPlaces):
            raise ValueError(
                "`Recipe.hard_attention` needs a captioner that draws places, "
                f"such as ShowAttendTell, got {type(captioner).__name__}"
            )
        numbers = masks.uniform(said.shape, _Mask.PLACES)
        return captioner.draw(grid, said, numbers, masks)

    def terms(
        self,
        drawn: contract.Drawn,
        expected: tf.Tensor,
        tokens: tf.Tensor,
        weights: tf.Tensor,
    ) -> tf.Tensor:
        """What the places add to the loss (equation 12).

        Args:
          drawn: see `draw`.
          expected: float32 [images, captions, length, vocabulary], the logits
            from the mean of all places.
          tokens: int32 [images, captions, length].
          weights: float32, as `tokens`: what each counts; zero for padding.

        Returns:
          A sum in nats, float32 []. Its gradient is what counts: the value of
          the places' part means nothing.
        """
        usual, own = (
            tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)
            for logits in (expected, drawn.logits)
        )
        real = tf.cast(weights > 0, tf.float32)
        # A place changes no word before its own.
        gain = tf.cumsum((usual - own) * real, axis=2, reverse=True)
        praise = tf.stop_gradient(gain) * drawn.log_chances
        chances = drawn.attention
        entropy = -tf.reduce_sum(tf.math.xlogy(chances, chances), axis=-1)
        each = self.reward_weight * praise + self.entropy_weight * entropy
        return -tf.reduce_sum(each * weights)
