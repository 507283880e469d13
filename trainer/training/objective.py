"""What an update minimises: true captions by teacher forcing.

An objective sums over a replica's batch, and knows neither weights nor devices.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

import tensorflow as tf

from trainer.captioners import contract
from trainer.captioners import dropout as dropout_lib
from trainer.training import caption_weights
from trainer.training import grounding as grounding_lib
from trainer.training import hard_attention as hard_attention_lib
from trainer.training import loss as loss_lib

Batch = Mapping[str, Any]


class Objective(Protocol):
    """Sums what is minimised over a replica's batch."""

    def __call__(
        self,
        captioner: contract.Captioner,
        batch: Batch,
        masks: dropout_lib.StreamDropout,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes a batch in the graph.

        Args:
          captioner: whose weights are trained.
          batch: of one replica; see `batches.CaptionDataset`.
          masks: draws what is random, alike on any number of replicas.

        Returns:
          What to minimise and the plain cross entropy to report, both in nats,
          float32 [].
        """


@dataclasses.dataclass(frozen=True)
class TeacherForcing:
    """The loss of true captions, each word predicted from the true ones.

    Attributes:
      loss: of predictions.
      grounding: what makes the captioner need its image.
      hard_attention: draws one place for each word; None for soft attention
        alone.
      worth: what each caption counts; None for one each.
    """

    loss: loss_lib.CaptionLoss
    grounding: grounding_lib.Grounding = grounding_lib.Grounding()
    hard_attention: hard_attention_lib.HardAttention | None = None
    worth: caption_weights.CaptionWeights | None = None

    def __call__(
        self,
        captioner: contract.Captioner,
        batch: Batch,
        masks: dropout_lib.StreamDropout,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """See `Objective`."""
        tokens, weights = batch["tokens"], batch["weights"]
        extra = self.grounding
        seen = extra.hide_images(batch["grid"], masks)
        said = extra.hide_captions(contract.shift_right(tokens), masks)
        logits, attention = captioner(seen, said, dropout=masks)
        if extra.own_words:
            said = extra.mix_own_words(said, logits, masks)
            logits, attention = captioner(seen, said, dropout=masks)
        worth = self.worth.look_up(tokens) if self.worth else None
        total, cross_entropy = self.loss(
            logits, attention, tokens, weights, worth
        )
        if hard := self.hard_attention:
            drawn = hard.draw(captioner, seen, said, masks)
            own, _ = self.loss(
                drawn.logits, drawn.attention, tokens, weights, worth
            )
            counted = loss_lib.counted(weights, worth)
            own += hard.terms(drawn, logits, tokens, counted)
            total = hard.expected_share * total
            total += (1 - hard.expected_share) * own
        if extra.compares:
            other = extra.other_images(batch["grid"], len(masks.streams))
            others, _ = captioner(other, said, dropout=masks)
            total += extra.gap_terms(logits, others, tokens, weights)
        return total, cross_entropy
