"""Classifier-free guidance: what the image adds to a word counts more."""

import dataclasses
from typing import Any

import tensorflow as tf

from trainer.decoding import around, step


@dataclasses.dataclass(frozen=True)
class Guided(around.Around):
    """Another decoder, led by what the image adds to each word's logit.

    The decoder sees the logits blind + (1 + weight) * (with image - blind) (Ho
    and Salimans 2022, arXiv:2207.12598; Kornblith et al. 2023,
    arXiv:2307.16686, for captions). The blind branch is the same captioner,
    which reads the same words with a grid of zeros; training that hides some
    images makes it a sound model of the words alone. `CaptionGenerator` runs
    both branches; log probabilities are the captioner's own, and captions keep
    the order that the guided search gives them.

    Attributes:
      search: the decoder.
      weight: how much more; 0 for the captioner's own logits.

    Raises:
      ValueError: a negative weight.
    """

    weight: float = 0.5

    def __post_init__(self) -> None:
        """Validates the settings."""
        step.require_not_negative(self, "weight")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide the captions, as JSON values."""
        return {
            "name": "guided",
            "weight": self.weight,
            "search": self.search.settings,
        }

    @property
    def description(self) -> str:
        """The decoder's name for people, with the weight."""
        return f"{self.search.description}, guided by {self.weight}"


def guided(
    seeing: step.NextToken, blind: step.NextToken, weight: float
) -> step.NextToken:
    """Makes a step function of two, whose state is the pair of theirs.

    Args:
      seeing: with the image.
      blind: without it.
      weight: see `Guided`.
    """

    def next_token(
        tokens: tf.Tensor, state: tuple[step.State, step.State]
    ) -> tuple[tf.Tensor, tf.Tensor, tuple[step.State, step.State]]:
        own, attention, seen = seeing(tokens, state[0])
        without, _, unseen = blind(tokens, state[1])
        logits = without + (1 + weight) * (own - without)
        return logits, attention, (seen, unseen)

    return next_token
