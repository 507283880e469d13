"""Beam search over any step function, in the graph, batched."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, Self

import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.decoding import (
    constrained,
    greedy,
    hypotheses,
    step,
    word_rules,
)
from trainer.decoding import scores as scores_lib


@dataclasses.dataclass(frozen=True)
class BeamSearch:
    """Beam search, as a decoder; with one beam it is greedy search.

    Attributes:
      beams: number of hypotheses kept of each image.
      max_length: most tokens of a caption, END included.
      length_power: power of the length penalty; see `scores.length_penalty`.
      batch_images: number of images decoded at once.
      n_best: number of captions returned of each image, at most `beams`; the
        best is the same for any number.
      must_say: words of the vocabulary, or their tokens, that every caption
        has; see `constrained.constrained_search`.
      rules: which words may be chosen.

    Raises:
      ValueError: a number is out of range, or a caption can't hold the words.
    """

    beams: int = 3
    max_length: int = 24
    length_power: float = 0.7
    batch_images: int = 32
    n_best: int = 1
    must_say: Sequence[str | int] = ()
    rules: word_rules.WordRules = word_rules.WordRules()

    def __post_init__(self) -> None:
        """Validates the settings."""
        step.require_positive(
            self, "beams", "max_length", "batch_images", "n_best"
        )
        if self.n_best > self.beams:
            raise ValueError(
                f"`n_best` must not exceed the {self.beams} of `beams`, got "
                f"{self.n_best}"
            )
        step.require_not_negative(self, "length_power")
        if len(self.must_say) >= self.max_length:
            raise ValueError(
                f"`must_say` has {len(self.must_say)} words, and a caption at "
                f"most {self.max_length - 1} (`max_length`)"
            )

    @property
    def hypotheses(self) -> int:
        """One for each beam, and for each number of words that it must say."""
        return self.beams * (1 + len(self.must_say))

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide the captions, as JSON values."""
        return {
            "name": "beam",
            "beams": self.beams,
            "max_length": self.max_length,
            "length_power": self.length_power,
            **({"must_say": list(self.must_say)} if self.must_say else {}),
            **self.rules.settings,
        }

    @property
    def description(self) -> str:
        """The decoder's name for people, with its number of beams."""
        words = (
            f", must say {' '.join(map(str, self.must_say))}"
            if self.must_say
            else ""
        )
        return f"beam search, {self.beams} beams{words}{self.rules.description}"

    def knowing(self, vocabulary: vocabulary_lib.Vocabulary) -> Self:
        """See `step.NamesWords`."""
        known: dict[str | int, int] = {
            word: token for token, word in enumerate(vocabulary.words)
        }
        for special in vocabulary_lib.SPECIAL:
            del known[special]
        for word in self.must_say:
            if word not in known:
                raise ValueError(
                    f"`must_say` has {word!r}, which the captioner can't say: "
                    f"it is none of the {len(known)} words of its vocabulary"
                )
        return dataclasses.replace(
            self,
            must_say=[known[word] for word in self.must_say],
            rules=self.rules.knowing(vocabulary),
        )

    def __call__(
        self,
        next_token: step.NextToken,
        state: step.State,
        *,
        images: int,
        locations: int,
    ) -> step.Decoded:
        """See `step.Decoder`."""
        if self.beams == 1 and not self.must_say:
            return greedy.Greedy(self.max_length, rules=self.rules)(
                next_token, state, images=images, locations=locations
            )
        search = beam_search
        if self.must_say:
            search = functools.partial(
                constrained.constrained_search,
                must_say=[*map(int, self.must_say)],
            )
        return search(
            next_token,
            state,
            images=images,
            beams=self.beams,
            locations=locations,
            ranking=hypotheses.Ranking(
                self.length_power, self.max_length, self.rules
            ),
            n_best=self.n_best,
        )


def beam_search(
    next_token: step.NextToken,
    state: step.State,
    *,
    images: int,
    beams: int,
    locations: int,
    ranking: hypotheses.Ranking,
    n_best: int = 1,
) -> step.Decoded:
    """Searches for the hypotheses with the best normalised scores.

    Args:
      next_token: see `step.NextToken`; called with `beams` hypotheses.
      state: a nest of [images, beams, ...]; an image's beams are all the same.
      images: number of images.
      beams: number of live and of finished hypotheses kept of each image.
      locations: number of locations that attention weighs.
      ranking: the score, with the length and the words of a caption.
      n_best: number of captions of each image; the search goes on until none
        of them can be bettered.
    """
    start = hypotheses.first(
        state,
        images=images,
        live=beams,
        done=beams,
        locations=locations,
        max_length=ranking.max_length,
    )

    def body(*parts: Any) -> hypotheses.Beams:
        return _extend(hypotheses.Beams(*parts), next_token, ranking)

    def goes_on(*parts: Any) -> tf.Tensor:
        return hypotheses.can_improve(hypotheses.Beams(*parts), ranking, n_best)

    end = tf.while_loop(
        goes_on, body, start, maximum_iterations=ranking.max_length
    )
    return hypotheses.best(hypotheses.Beams(*end), n_best)


def _extend(
    beams: hypotheses.Beams,
    next_token: step.NextToken,
    ranking: hypotheses.Ranking,
) -> hypotheses.Beams:
    """Extends each live hypothesis by one token."""
    count = beams.tokens.shape[1]
    logits, weights, state = next_token(beams.last, beams.state)
    scores = ranking.scores(beams, scores_lib.log_probs(logits))
    preference = ranking.rules.preference(beams.place, scores.shape[-1])
    # Take twice `count`: up to `count` of them may end here.
    found = hypotheses.best_candidates(scores, 2 * count, preference)
    pick = hypotheses.live(found, count)
    return hypotheses.grow(beams, found, pick, weights, state, ranking)
