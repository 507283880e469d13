"""Beam search over any step function, in the graph, batched."""

import dataclasses
from typing import Any, NamedTuple

import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.decoding import greedy, step
from trainer.decoding import scores as scores_lib


@dataclasses.dataclass(frozen=True)
class BeamSearch:
    """Beam search, as a decoder; with one beam it is greedy search.

    Attributes:
      beams: number of hypotheses kept of each image.
      max_length: most tokens of a caption, END included.
      length_power: power of the length penalty; see `scores.length_penalty`.
      batch_images: number of images decoded at once.

    Raises:
      ValueError: a number is out of range.
    """

    beams: int = 3
    max_length: int = 24
    length_power: float = 0.7
    batch_images: int = 32

    def __post_init__(self) -> None:
        """Validates the settings."""
        step.require_positive(self, "beams", "max_length", "batch_images")
        if self.length_power < 0:
            raise ValueError(
                f"`length_power` must not be negative, got {self.length_power}"
            )

    @property
    def hypotheses(self) -> int:
        """One for each beam."""
        return self.beams

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide the captions, as JSON values."""
        return {
            "name": "beam",
            "beams": self.beams,
            "max_length": self.max_length,
            "length_power": self.length_power,
        }

    @property
    def description(self) -> str:
        """The decoder's name for people, with its number of beams."""
        return f"beam search, {self.beams} beams"

    def __call__(
        self,
        next_token: step.NextToken,
        state: step.State,
        *,
        images: int,
        locations: int,
    ) -> step.Decoded:
        """See `step.Decoder`."""
        if self.beams == 1:
            return greedy.Greedy(self.max_length)(
                next_token, state, images=images, locations=locations
            )
        return beam_search(
            next_token,
            state,
            images=images,
            beams=self.beams,
            locations=locations,
            max_length=self.max_length,
            length_power=self.length_power,
        )


class Beams(NamedTuple):
    """The live and the finished hypotheses: K beams of at most T tokens.

    A hypothesis that ends moves to the finished ones and stays there: what the
    captioner would say after END can't change its score.

    Attributes:
      place: int32 [], number of tokens said so far.
      tokens: int32 [images, K, T], of live hypotheses.
      log_probs: float32 [images, K], of live hypotheses.
      attention: float32 [images, K, T, locations], of live hypotheses.
      state: nest of [images, K, ...], of live hypotheses.
      done_tokens: int32 [images, K, T], of finished hypotheses.
      done_scores: float32 [images, K], their normalised scores; `NEVER` where
        fewer than K have finished.
      done_log_probs: float32 [images, K], of finished hypotheses.
      done_attention: float32 [images, K, T, locations], of finished hypotheses.
    """

    place: tf.Tensor
    tokens: tf.Tensor
    log_probs: tf.Tensor
    attention: tf.Tensor
    state: step.State
    done_tokens: tf.Tensor
    done_scores: tf.Tensor
    done_log_probs: tf.Tensor
    done_attention: tf.Tensor


def beam_search(
    next_token: step.NextToken,
    state: step.State,
    *,
    images: int,
    beams: int,
    locations: int,
    max_length: int,
    length_power: float,
) -> step.Decoded:
    """Searches for the hypothesis with the best normalised score.

    Args:
      next_token: see `step.NextToken`; called with `beams` hypotheses.
      state: a nest of [images, beams, ...]; an image's beams are all the same.
      images: number of images.
      beams: number of live and of finished hypotheses kept of each image.
      locations: number of locations that attention weighs.
      max_length: most tokens of a caption, END included.
      length_power: see `scores.length_penalty`; zero ranks by log probability.
    """
    start = _first_beams(state, images, beams, locations, max_length)

    def body(*parts: Any) -> Beams:
        return _extend(Beams(*parts), next_token, length_power)

    def goes_on(*parts: Any) -> tf.Tensor:
        return _can_improve(Beams(*parts), length_power)

    end = Beams(
        *tf.while_loop(goes_on, body, start, maximum_iterations=max_length)
    )
    return _best(end)


def _first_beams(
    state: step.State, images: int, beams: int, locations: int, max_length: int
) -> Beams:
    tokens = tf.zeros([images, beams, max_length], tf.int32)
    attention = tf.zeros([images, beams, max_length, locations])
    never = tf.fill([images, beams], scores_lib.NEVER)
    # All beams begin the same, so only the first may be extended.
    first = tf.one_hot(
        tf.zeros([images], tf.int32), beams, 0.0, scores_lib.NEVER
    )
    return Beams(
        place=tf.constant(0),
        tokens=tokens,
        log_probs=first,
        attention=attention,
        state=tf.nest.map_structure(tf.identity, state),
        done_tokens=tokens,
        done_scores=never,
        done_log_probs=never,
        done_attention=attention,
    )


def _extend(
    beams: Beams, next_token: step.NextToken, length_power: float
) -> Beams:
    """Extends each live hypothesis by one token."""
    images, count, _ = beams.tokens.shape
    last = tf.gather(beams.tokens, tf.maximum(beams.place - 1, 0), axis=2)
    last = tf.where(beams.place > 0, last, vocabulary.START)
    logits, weights, state = next_token(last, beams.state)
    scores = scores_lib.log_probs(logits)
    scores = _ending(scores, beams.place + 1 == beams.tokens.shape[2])
    scores += beams.log_probs[..., None]
    size = scores.shape[-1]
    # Take twice `count`: up to `count` of them may end here.
    top, index = tf.math.top_k(
        tf.reshape(scores, [images, count * size]), 2 * count
    )
    parent, token = index // size, index % size
    tokens, attention = _said(beams, parent, token, weights)
    ends = token == vocabulary.END
    # If there are fewer words than beams, impossible tokens fill the beams.
    finite = ends & (top > scores_lib.NEVER / 2)
    live, pick = tf.math.top_k(tf.where(ends, scores_lib.NEVER, top), count)
    chosen = tf.gather(parent, pick, batch_dims=1)

    def take(value: tf.Tensor) -> tf.Tensor:
        return tf.gather(value, pick, axis=1, batch_dims=1)

    penalty = scores_lib.length_penalty(beams.place + 1, length_power)
    finished = _finish(
        beams,
        tokens,
        attention,
        top,
        tf.where(finite, top / penalty, scores_lib.NEVER),
    )
    return Beams(
        place=beams.place + 1,
        tokens=take(tokens),
        log_probs=live,
        attention=take(attention),
        state=tf.nest.map_structure(
            lambda value: tf.gather(value, chosen, axis=1, batch_dims=1), state
        ),
        **finished,
    )


def _ending(scores: tf.Tensor, is_last: tf.Tensor) -> tf.Tensor:
    """Leaves END alone at the last place, so that every hypothesis can finish.

    Otherwise whatever ended early, such as the empty caption, would beat all
    hypotheses that the limit cuts. Words stay where END is impossible.

    Args:
      scores: float32 [images, K, vocabulary], log probabilities.
      is_last: bool [].

    Returns:
      The same shape.
    """
    possible = scores[..., vocabulary.END, None] > scores_lib.NEVER / 2
    words = tf.range(scores.shape[-1]) != vocabulary.END
    return tf.where(is_last & possible & words, scores_lib.NEVER, scores)


def _said(
    beams: Beams, parent: tf.Tensor, token: tf.Tensor, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the candidates' tokens and attention, with the new ones added.

    Args:
      beams: the hypotheses before the new token.
      parent: int32 [images, N], which hypothesis each candidate extends.
      token: int32 [images, N], the token that each candidate adds.
      weights: float32 [images, K, locations], each hypothesis' new attention.

    Returns:
      int32 [images, N, T] and float32 [images, N, T, locations].
    """
    (images, number), length = token.shape, beams.tokens.shape[2]
    tokens, attention, weights = (
        tf.gather(value, parent, axis=1, batch_dims=1)
        for value in (beams.tokens, beams.attention, weights)
    )
    rows, locations = images * number, weights.shape[-1]
    tokens = step.put(
        tf.reshape(tokens, [rows, length]),
        tf.reshape(token, [rows]),
        beams.place,
    )
    attention = step.put(
        tf.reshape(attention, [rows, length, locations]),
        tf.reshape(weights, [rows, locations]),
        beams.place,
    )
    return (
        tf.reshape(tokens, [images, number, length]),
        tf.reshape(attention, [images, number, length, locations]),
    )


def _finish(
    beams: Beams,
    tokens: tf.Tensor,
    attention: tf.Tensor,
    log_probs: tf.Tensor,
    scores: tf.Tensor,
) -> dict[str, tf.Tensor]:
    """Keeps the best of the hypotheses that have ended or end here."""
    scores = tf.concat([beams.done_scores, scores], 1)
    best, pick = tf.math.top_k(scores, beams.tokens.shape[1])

    def merged(old: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
        both = tf.concat([old, new], 1)
        return tf.gather(both, pick, axis=1, batch_dims=1)

    return {
        "done_scores": best,
        "done_tokens": merged(beams.done_tokens, tokens),
        "done_log_probs": merged(beams.done_log_probs, log_probs),
        "done_attention": merged(beams.done_attention, attention),
    }


def _can_improve(beams: Beams, length_power: float) -> tf.Tensor:
    """Whether a live hypothesis can still beat the best finished one.

    A log probability is negative and only falls, so a hypothesis can't reach
    more than its present one gives under the penalty of the greatest length.
    """
    length = beams.tokens.shape[2]
    best_live = beams.log_probs[:, 0] / scores_lib.length_penalty(
        length, length_power
    )
    return tf.reduce_any(best_live > beams.done_scores[:, 0])


def _best(beams: Beams) -> step.Decoded:
    """Returns the best finished hypothesis; the best live one if none ended."""
    none = beams.done_scores[:, 0] <= scores_lib.NEVER / 2

    def choose(live: tf.Tensor, done: tf.Tensor) -> tf.Tensor:
        where = tf.reshape(none, [-1, *[1] * (done.shape.rank - 2)])
        return tf.where(where, live[:, 0], done[:, 0])

    return step.Decoded(
        tokens=choose(beams.tokens, beams.done_tokens),
        attention=choose(beams.attention, beams.done_attention),
        log_probs=choose(beams.log_probs, beams.done_log_probs),
    )
