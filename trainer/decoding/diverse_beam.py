"""Diverse beam search: groups of beams, each unlike the groups before it."""

import dataclasses
from typing import Any, Self

import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.decoding import hypotheses, step, word_rules
from trainer.decoding import scores as scores_lib


@dataclasses.dataclass(frozen=True)
class DiverseBeamSearch:
    """Diverse beam search (Vijayakumar et al. 2018), as a decoder.

    Each group of beams is a beam search that, at each place, takes `diversity`
    nats from a token for each time that the groups before it have said it at
    this place (their Hamming diversity). What it takes decides what a group
    says, and is in no log probability. The n best are the best caption of each
    group, ordered by score.

    Attributes:
      beams: number of hypotheses kept of each image, by all groups together.
      groups: number of groups, which divides `beams`.
      diversity: nats that a token loses for each time it was said; 0 for
        groups that say the same.
      max_length: most tokens of a caption, END included.
      length_power: power of the length penalty; see `scores.length_penalty`.
      batch_images: number of images decoded at once.
      rules: which words may be chosen.

    Raises:
      ValueError: a number is out of range.
    """

    beams: int = 6
    groups: int = 3
    diversity: float = 1.0
    max_length: int = 24
    length_power: float = 0.7
    batch_images: int = 32
    rules: word_rules.WordRules = word_rules.WordRules()

    def __post_init__(self) -> None:
        """Validates the settings."""
        step.require_positive(
            self, "beams", "groups", "max_length", "batch_images"
        )
        step.require_not_negative(self, "diversity", "length_power")
        if self.beams % self.groups:
            raise ValueError(
                f"`groups` must divide the {self.beams} of `beams`, got "
                f"{self.groups}"
            )

    @property
    def hypotheses(self) -> int:
        """One for each beam."""
        return self.beams

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide the captions, as JSON values."""
        names = ("beams", "groups", "diversity", "max_length", "length_power")
        return {
            "name": "diverse beam",
            **{name: getattr(self, name) for name in names},
            **self.rules.settings,
        }

    @property
    def description(self) -> str:
        """The decoder's name for people, with its beams and groups."""
        return (
            f"diverse beam search, {self.beams} beams in {self.groups} groups"
            f"{self.rules.description}"
        )

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
        ranking = hypotheses.Ranking(
            self.length_power, self.max_length, self.rules
        )
        size = self.beams // self.groups
        start = tuple(
            hypotheses.first(
                part,
                images=images,
                live=size,
                done=size,
                locations=locations,
                max_length=self.max_length,
            )
            for part in _split(state, self.groups)
        )

        def body(*groups: hypotheses.Beams) -> tuple[hypotheses.Beams, ...]:
            return _extend(groups, next_token, ranking, self.diversity)

        def goes_on(*groups: hypotheses.Beams) -> tf.Tensor:
            return tf.reduce_any(
                [hypotheses.can_improve(each, ranking, 1) for each in groups]
            )

        end = tf.while_loop(
            goes_on, body, start, maximum_iterations=self.max_length
        )
        return _best_of_each(end)


def _extend(
    groups: tuple[hypotheses.Beams, ...],
    next_token: step.NextToken,
    ranking: hypotheses.Ranking,
    diversity: float,
) -> tuple[hypotheses.Beams, ...]:
    """Extends the groups by one token, one after the other."""
    logits, weights, state = next_token(
        tf.concat([each.last for each in groups], 1),
        tf.nest.map_structure(
            lambda *parts: tf.concat(parts, 1), *[each.state for each in groups]
        ),
    )
    parts = zip(
        groups,
        *(_split(part, len(groups)) for part in (logits, weights, state)),
        strict=True,
    )
    grown: list[hypotheses.Beams] = []
    size = logits.shape[-1]
    said = tf.zeros([logits.shape[0], 1, size])
    for beams, own, looks, after in parts:
        place = beams.place
        scores = ranking.scores(beams, scores_lib.log_probs(own))
        preference = ranking.rules.preference(place, size)
        preference = -diversity * said + (
            0.0 if preference is None else preference
        )
        count = own.shape[1]
        found = hypotheses.best_candidates(scores, 2 * count, preference)
        pick = hypotheses.live(found, count)
        after = hypotheses.grow(beams, found, pick, looks, after, ranking)
        grown.append(after)
        new = tf.gather(after.tokens, place, axis=2)
        said += tf.reduce_sum(tf.one_hot(new, size), 1, keepdims=True)
    return tuple(grown)


def _split(nest: Any, groups: int) -> list[Any]:
    """Parts a nest of [images, hypotheses, ...] among the groups."""
    parts = [tf.split(leaf, groups, 1) for leaf in tf.nest.flatten(nest)]
    return [
        tf.nest.pack_sequence_as(nest, own) for own in zip(*parts, strict=True)
    ]


def _best_of_each(groups: tuple[hypotheses.Beams, ...]) -> step.Decoded:
    """The best caption of each group, ordered by score."""
    scores = tf.stack([each.done_scores[:, 0] for each in groups], 1)
    _, order = tf.math.top_k(scores, len(groups))
    found = [hypotheses.best(each, 1) for each in groups]
    every = (tf.concat(parts, 1) for parts in zip(*found, strict=True))
    return step.Decoded(*every).ordered(order)
