"""Self-critical training (Rennie et al. 2017): the reward is a score.

Each image's captions are sampled from the captioner itself. A sample becomes
likelier as its CIDEr-D exceeds the mean of the image's other samples (Luo 2020,
"A better variant of self-critical sequence training", equation 5).
"""

import dataclasses
import enum

import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import contract, draw
from trainer.captioners import dropout as dropout_lib
from trainer.decoding import scores
from trainer.training import caption_reward, objective


class _Mask(enum.IntEnum):
    """Numbers of an update's draws; see `grounding`."""

    SAMPLES = 4010


@dataclasses.dataclass(frozen=True)
class SelfCritical:
    """Settings of self-critical training.

    Attributes:
      samples: captions drawn of each image, two or more.
      cross_entropy: share of the loss that true captions by teacher forcing
        keep: captions lose their variety without it.

    Raises:
      ValueError: fewer than two samples, or a share outside [0, 1].
    """

    samples: int = 5
    cross_entropy: float = 0.1

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        if self.samples < 2:
            raise ValueError(
                f"`samples` must be two or more, got {self.samples}"
            )
        if not 0 <= self.cross_entropy <= 1:
            raise ValueError(
                f"`cross_entropy` must lie in [0, 1], got {self.cross_entropy}"
            )

    @property
    def signature(self) -> str:
        """What is rewarded, in a line that goes with each score."""
        return (
            "reward: CIDEr-D of token ids against the captions of the batch, "
            "END a word, document frequencies of the train images; "
            f"{self.samples} samples an image, each against the mean of the "
            f"others; cross entropy {self.cross_entropy:g}"
        )


@dataclasses.dataclass(frozen=True)
class PolicyGradient:
    """The objective of self-critical training.

    Attributes:
      settings: see `SelfCritical`.
      reward: of samples.
      truth: the objective of true captions.
    """

    settings: SelfCritical
    reward: caption_reward.CiderDReward
    truth: objective.Objective

    def __call__(
        self,
        captioner: contract.Captioner,
        batch: objective.Batch,
        masks: dropout_lib.StreamDropout,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """See `objective.Objective`."""
        share = self.settings.cross_entropy
        total, cross_entropy = self.truth(captioner, batch, masks)
        grid, references = batch["grid"], batch["tokens"]
        samples = self.draw(captioner, grid, references.shape[-1], masks)
        rewards = self.reward(samples, references)
        others = tf.reduce_sum(rewards, 1, keepdims=True) - rewards
        gain = rewards - others / (self.settings.samples - 1)
        logits, _ = captioner(
            grid, contract.shift_right(samples), dropout=masks
        )
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(
            samples, scores.sayable(logits)
        )
        real = tf.cast(samples != vocabulary.PAD, tf.float32)
        policy = tf.reduce_sum(gain[..., None] * nats * real)
        return (1 - share) * policy + share * total, cross_entropy

    def draw(
        self,
        captioner: contract.Captioner,
        grid: tf.Tensor,
        length: int,
        masks: dropout_lib.StreamDropout,
    ) -> tf.Tensor:
        """Samples captions without dropout.

        One number in [0, 1) decides each word: where it falls in the cumulated
        probabilities.

        Args:
          captioner: to draw from.
          grid: [images, locations, depth], any float dtype.
          length: most tokens of a caption, END included.
          masks: draws the numbers.

        Returns:
          int32 [images, samples, length]; PAD after END.
        """
        shape = [grid.shape[0], self.settings.samples]
        numbers = masks.uniform([*shape, length], _Mask.SAMPLES)
        memory = captioner.remember(grid)
        state = captioner.initial_state(memory, self.settings.samples)
        word = tf.fill(shape, vocabulary.START)
        words = tf.TensorArray(tf.int32, length, element_shape=shape)

        def body(place, word, state, words):  # noqa: ANN001, ANN202
            logits, _, state = captioner.step(memory, state, word)
            chances = tf.nn.softmax(scores.sayable(logits))
            new = draw.place_of(chances, numbers[:, :, place])
            over = (word == vocabulary.END) | (word == vocabulary.PAD)
            new = tf.where(over, vocabulary.PAD, new)
            return place + 1, new, state, words.write(place, new)

        *_, words = tf.while_loop(
            lambda place, *_: place < length,
            body,
            (tf.constant(0), word, state, words),
            maximum_iterations=length,
        )
        return tf.stop_gradient(tf.transpose(words.stack(), [1, 2, 0]))
