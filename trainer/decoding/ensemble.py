"""Several captioners that decode as one."""

import math
from collections.abc import Sequence

import tensorflow as tf

from trainer.captioners import contract
from trainer.captioners import dropout as dropout_lib


class Ensemble(contract.Captioner):
    """The mean of the members' probabilities of each word.

    A decoder sees one captioner. Where members attend, so does the ensemble: at
    the mean of their weights. It is trained no further.
    """

    def __init__(self, members: Sequence[contract.Captioner]):
        """Takes trained captioners of one vocabulary and one kind of grid."""
        super().__init__(name="ensemble")
        self.members = list(members)
        self.settings = {"members": [one.settings for one in members]}
        self.uses_image = any(one.uses_image for one in members)
        self.built = True

    def remember(
        self,
        grid: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> contract.Memory:
        """What each member remembers of a grid."""
        return tuple(one.remember(grid, dropout) for one in self.members)

    def initial_state(
        self, memory: contract.Memory, hypotheses: int
    ) -> contract.State:
        """The state of each member before the first word."""
        return tuple(
            one.initial_state(own, hypotheses)
            for one, own in zip(self.members, memory, strict=True)
        )

    def step(
        self,
        memory: contract.Memory,
        state: contract.State,
        tokens: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor | None, contract.State]:
        """Lets each member read a token; see `contract.Captioner.step`."""
        logits, attention, states = zip(
            *(
                one.step(own, before, tokens)
                for one, own, before in zip(
                    self.members, memory, state, strict=True
                )
            ),
            strict=True,
        )
        return _mean(logits), _looks(attention), states

    def call(
        self,
        grid: tf.Tensor,
        tokens: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Predicts true captions; see `contract.Captioner.call`."""
        logits, attention = zip(
            *(one(grid, tokens, dropout=dropout) for one in self.members),
            strict=True,
        )
        return _mean(logits), _looks(attention)


def _mean(logits: Sequence[tf.Tensor]) -> tf.Tensor:
    """Log of the mean probability, float32, shaped as each."""
    each = tf.stack([tf.nn.log_softmax(one) for one in logits])
    return tf.reduce_logsumexp(each, axis=0) - math.log(len(logits))


def _looks(attention: Sequence[tf.Tensor | None]) -> tf.Tensor | None:
    """Mean of the attention of those members that have any."""
    looks = [one for one in attention if one is not None]
    return tf.add_n(looks) / len(looks) if looks else None
