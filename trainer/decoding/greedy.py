"""Greedy search: the most likely token at each position."""

import dataclasses
from typing import Any, Self

import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.decoding import scores as scores_lib
from trainer.decoding import step, word_rules


@dataclasses.dataclass(frozen=True)
class Greedy:
    """Greedy search, as a decoder.

    Attributes:
      max_length: most tokens of a caption, END included.
      batch_images: number of images decoded at once.
      rules: which words may be chosen.

    Raises:
      ValueError: a number below one.
    """

    max_length: int = 24
    batch_images: int = 32
    rules: word_rules.WordRules = word_rules.WordRules()

    def __post_init__(self) -> None:
        """Validates the settings."""
        step.require_positive(self, "max_length", "batch_images")

    @property
    def hypotheses(self) -> int:
        """One for each image."""
        return 1

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide the captions, as JSON values."""
        return {
            "name": "greedy",
            "max_length": self.max_length,
            **self.rules.settings,
        }

    @property
    def description(self) -> str:
        """The decoder's name for people."""
        return f"greedy search{self.rules.description}"

    def knowing(self, vocabulary: vocabulary_lib.Vocabulary) -> Self:
        """See `step.NamesWords`."""
        return dataclasses.replace(self, rules=self.rules.knowing(vocabulary))

    def __call__(
        self,
        next_token: step.NextToken,
        state: step.State,
        *,
        images: int,
        locations: int,
    ) -> step.Decoded:
        """See `step.Decoder`."""
        return greedy(
            next_token,
            state,
            images=images,
            locations=locations,
            max_length=self.max_length,
            rules=self.rules,
        )


def greedy(
    next_token: step.NextToken,
    state: step.State,
    *,
    images: int,
    locations: int,
    max_length: int,
    rules: word_rules.WordRules,
) -> step.Decoded:
    """Takes the most likely token at each position.

    Args:
      next_token: see `step.NextToken`; called with one hypothesis per image.
      state: a nest of [images, 1, ...].
      images: number of images.
      locations: number of locations that attention weighs.
      max_length: most tokens of a caption, END included.
      rules: which words may be chosen.
    """
    tokens = tf.zeros([images, max_length], tf.int32)
    attention = tf.zeros([images, max_length, locations])
    log_probs = tf.zeros([images])
    last = tf.fill([images, 1], vocabulary_lib.START)
    live = tf.ones([images], tf.bool)
    place = tf.constant(0)
    state = tf.nest.map_structure(tf.identity, state)

    def body(place, last, live, state, tokens, attention, log_probs):  # noqa: ANN001, ANN202
        logits, weights, state = next_token(last, state)
        scores = scores_lib.log_probs(logits[:, 0])
        choice = rules.choice(scores[:, None], tokens[:, None], place)[:, 0]
        best = tf.argmax(choice, axis=-1, output_type=tf.int32)
        gain = tf.gather(scores, best, batch_dims=1)
        best = tf.where(live, best, vocabulary_lib.PAD)
        tokens = step.put(tokens, best, place)
        looks = tf.where(live[:, None], weights[:, 0], 0.0)
        attention = step.put(attention, looks, place)
        log_probs += tf.where(live, gain, 0.0)
        live &= best != vocabulary_lib.END
        return (
            place + 1,
            best[:, None],
            live,
            state,
            tokens,
            attention,
            log_probs,
        )

    loop = (place, last, live, state, tokens, attention, log_probs)
    *_, tokens, attention, log_probs = tf.while_loop(
        lambda place, last, live, *_: tf.reduce_any(live),
        body,
        loop,
        maximum_iterations=max_length,
    )
    return step.Decoded(tokens[:, None], attention[:, None], log_probs[:, None])
