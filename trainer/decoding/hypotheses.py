"""Hypotheses of a search: those that grow by a token at a time, and ended ones.

What beam search and its relatives share. They differ in which of all the
extensions by a token they take.
"""

import dataclasses
from typing import NamedTuple

import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.decoding import scores as scores_lib
from trainer.decoding import step, word_rules


@dataclasses.dataclass(frozen=True)
class Ranking:
    """The score by which hypotheses of different lengths are ranked.

    Attributes:
      length_power: see `scores.length_penalty`; zero ranks by log probability.
      max_length: most tokens of a caption, END included.
      rules: reward words.
    """

    length_power: float
    max_length: int
    rules: word_rules.WordRules = word_rules.WordRules()

    def scores(self, beams: "Beams", log_probs: tf.Tensor) -> tf.Tensor:
        """Log probabilities of hypotheses with a token more.

        Args:
          beams: K live hypotheses.
          log_probs: float32 [images, K, vocabulary], of the next token.

        Returns:
          The same shape; below `scores.NEVER / 2` where a rule, or the limit,
          forbids the token.
        """
        allowed = self.rules.allowed(log_probs, beams.tokens, beams.place)
        is_last = beams.place + 1 == self.max_length
        return ending(allowed, is_last) + beams.log_probs[..., None]

    def score(self, log_probs: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        """Scores hypotheses of one length, END included, that end."""
        scores = log_probs / scores_lib.length_penalty(
            length, self.length_power
        )
        if self.rules.length_reward:
            scores += self.rules.reward(length - 1)
        return scores

    def bound(self, log_probs: tf.Tensor) -> tf.Tensor:
        """The most that live hypotheses can still score.

        A log probability is negative and only falls, so a hypothesis can't
        reach more than its present one gives under the penalty of the greatest
        length, and the greatest reward.
        """
        penalty = scores_lib.length_penalty(self.max_length, self.length_power)
        return log_probs / penalty + self.rules.most_reward(self.max_length - 1)


class Beams(NamedTuple):
    """The live and the finished hypotheses: K and D of at most T tokens.

    A hypothesis that ends moves to the finished ones and stays there: what the
    captioner would say after END can't change its score.

    Attributes:
      place: int32 [], number of tokens said so far.
      tokens: int32 [images, K, T], of live hypotheses.
      log_probs: float32 [images, K], of live hypotheses.
      attention: float32 [images, K, T, locations], of live hypotheses.
      state: nest of [images, K, ...], of live hypotheses.
      done_tokens: int32 [images, D, T], of finished hypotheses.
      done_scores: float32 [images, D], their scores, the best first; `NEVER`
        where fewer than D have finished.
      done_log_probs: float32 [images, D], of finished hypotheses.
      done_attention: float32 [images, D, T, locations], of finished hypotheses.
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

    @property
    def last(self) -> tf.Tensor:
        """The token that each live hypothesis said last, int32 [images, K]."""
        last = tf.gather(self.tokens, tf.maximum(self.place - 1, 0), axis=2)
        return tf.where(self.place > 0, last, vocabulary.START)


def first(
    state: step.State,
    *,
    images: int,
    live: int,
    done: int,
    locations: int,
    max_length: int,
) -> Beams:
    """Hypotheses that have said nothing; of an image's, one alone may grow."""

    def blank(count: int) -> dict[str, tf.Tensor]:
        return {
            "tokens": tf.zeros([images, count, max_length], tf.int32),
            "attention": tf.zeros([images, count, max_length, locations]),
        }

    # All hypotheses begin the same, so only the first may be extended.
    alone = tf.one_hot(
        tf.zeros([images], tf.int32), live, 0.0, scores_lib.NEVER
    )
    never = tf.fill([images, done], scores_lib.NEVER)
    return Beams(
        place=tf.constant(0),
        log_probs=alone,
        state=tf.nest.map_structure(tf.identity, state),
        done_scores=never,
        done_log_probs=never,
        **blank(live),
        **{f"done_{name}": value for name, value in blank(done).items()},
    )


class Candidates(NamedTuple):
    """Live hypotheses, each with a token more: N of each image.

    Attributes:
      choice: float32 [images, N], what they were chosen by.
      log_probs: float32 [images, N]; below `NEVER / 2` where impossible.
      parent: int32 [images, N], which hypothesis each extends.
      token: int32 [images, N], the token that each adds.
    """

    choice: tf.Tensor
    log_probs: tf.Tensor
    parent: tf.Tensor
    token: tf.Tensor


def best_candidates(
    log_probs: tf.Tensor, count: int, preference: tf.Tensor | None = None
) -> Candidates:
    """The `count` best extensions of an image's hypotheses by a token.

    Args:
      log_probs: float32 [images, K, vocabulary], of hypotheses with the token.
      count: how many.
      preference: float32, broadcast to `log_probs`; what the choice adds to a
        log probability, or None.
    """
    images, beams, size = log_probs.shape
    flat = tf.reshape(log_probs, [images, beams * size])
    if preference is None:
        choice, index = tf.math.top_k(flat, count)
        top = choice
    else:
        preferred = tf.reshape(log_probs + preference, flat.shape)
        choice, index = tf.math.top_k(preferred, count)
        top = tf.gather(flat, index, batch_dims=1)
    return Candidates(choice, top, index // size, index % size)


def ending(scores: tf.Tensor, is_last: tf.Tensor) -> tf.Tensor:
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


def live(found: Candidates, count: int) -> tf.Tensor:
    """Picks the `count` best candidates that go on, int32 [images, count]."""
    ends = found.token == vocabulary.END
    _, pick = tf.math.top_k(
        tf.where(ends, scores_lib.NEVER, found.choice), count
    )
    return pick


def grow(
    beams: Beams,
    found: Candidates,
    pick: tf.Tensor,
    weights: tf.Tensor,
    state: step.State,
    ranking: Ranking,
) -> Beams:
    """Takes some candidates for the live hypotheses, and keeps those that end.

    Args:
      beams: the hypotheses before.
      found: N candidates of each image.
      pick: int32 [images, K], which of them live on.
      weights: float32 [images, K, locations], where the captioner looked.
      state: nest of [images, K, ...], after the tokens before the new ones.
      ranking: ranks the finished.
    """
    tokens, attention = _said(beams, found, weights)
    ends = found.token == vocabulary.END
    # If there are fewer words than beams, impossible tokens fill the beams.
    finite = ends & (found.log_probs > scores_lib.NEVER / 2)
    chosen = tf.gather(found.parent, pick, batch_dims=1)

    def take(value: tf.Tensor) -> tf.Tensor:
        return tf.gather(value, pick, axis=1, batch_dims=1)

    scores = ranking.score(found.log_probs, beams.place + 1)
    finished = _finish(
        beams,
        tokens,
        attention,
        found.log_probs,
        tf.where(finite, scores, scores_lib.NEVER),
    )
    return Beams(
        place=beams.place + 1,
        tokens=take(tokens),
        log_probs=take(tf.where(ends, scores_lib.NEVER, found.log_probs)),
        attention=take(attention),
        state=tf.nest.map_structure(
            lambda value: tf.gather(value, chosen, axis=1, batch_dims=1), state
        ),
        **finished,
    )


def _said(
    beams: Beams, found: Candidates, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the candidates' tokens and attention, with the new ones added.

    Returns:
      int32 [images, N, T] and float32 [images, N, T, locations].
    """
    tokens, attention, weights = (
        tf.gather(value, found.parent, axis=1, batch_dims=1)
        for value in (beams.tokens, beams.attention, weights)
    )
    return (
        step.put(tokens, found.token, beams.place, axis=2),
        step.put(attention, weights, beams.place, axis=2),
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
    best, pick = tf.math.top_k(scores, beams.done_scores.shape[1])

    def merged(old: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
        both = tf.concat([old, new], 1)
        return tf.gather(both, pick, axis=1, batch_dims=1)

    return {
        "done_scores": best,
        "done_tokens": merged(beams.done_tokens, tokens),
        "done_log_probs": merged(beams.done_log_probs, log_probs),
        "done_attention": merged(beams.done_attention, attention),
    }


def can_improve(beams: Beams, ranking: Ranking, n_best: int) -> tf.Tensor:
    """Whether a live hypothesis can still come among the n best finished."""
    best_live = ranking.bound(tf.reduce_max(beams.log_probs, axis=1))
    return tf.reduce_any(best_live > beams.done_scores[:, n_best - 1])


def best(beams: Beams, n_best: int) -> step.Decoded:
    """Returns the best finished hypotheses; the live ones if none ended."""
    none = beams.done_scores[:, 0] <= scores_lib.NEVER / 2

    def choose(live: tf.Tensor, done: tf.Tensor) -> tf.Tensor:
        where = tf.reshape(none, [-1, *[1] * (done.shape.rank - 1)])
        return tf.where(where, live[:, :n_best], done[:, :n_best])

    return step.Decoded(
        tokens=choose(beams.tokens, beams.done_tokens),
        attention=choose(beams.attention, beams.done_attention),
        log_probs=choose(beams.log_probs, beams.done_log_probs),
    )
