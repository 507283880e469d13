"""Grid beam search: words that a caption must have."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.decoding import hypotheses, step
from trainer.decoding import scores as scores_lib


def constrained_search(
    next_token: step.NextToken,
    state: step.State,
    *,
    must_say: Sequence[int],
    images: int,
    beams: int,
    locations: int,
    ranking: hypotheses.Ranking,
    n_best: int = 1,
) -> step.Decoded:
    """Searches for the best captions among those that say some words.

    As in Hokamp and Liu 2017, hypotheses compete only with those that have said
    as many of the words: there is a bank of `beams` for each number (Post and
    Vilar 2018), and only the hypotheses of the last may end. So every caption
    that ends has them all. Where none could end, as a word is impossible, the
    captions are those that have the most of them.

    Args:
      next_token: see `step.NextToken`; called with `(C + 1) * beams`
        hypotheses, for C words.
      state: a nest of [images, (C + 1) * beams, ...]; an image's hypotheses are
        all the same.
      must_say: tokens of C different words, fewer than a caption may have.
      images: number of images.
      beams: number of live hypotheses of each bank, and of finished ones.
      locations: number of locations that attention weighs.
      ranking: the score, with the length and the words of a caption.
      n_best: number of captions of each image.
    """
    start = hypotheses.first(
        state,
        images=images,
        live=(len(must_say) + 1) * beams,
        done=beams,
        locations=locations,
        max_length=ranking.max_length,
    )

    def body(*parts: Any) -> hypotheses.Beams:
        return _extend(hypotheses.Beams(*parts), next_token, must_say, ranking)

    def goes_on(*parts: Any) -> tf.Tensor:
        return hypotheses.can_improve(hypotheses.Beams(*parts), ranking, n_best)

    end = tf.while_loop(
        goes_on, body, start, maximum_iterations=ranking.max_length
    )
    return hypotheses.best(_possible_first(hypotheses.Beams(*end)), n_best)


def _extend(
    beams: hypotheses.Beams,
    next_token: step.NextToken,
    must_say: Sequence[int],
    ranking: hypotheses.Ranking,
) -> hypotheses.Beams:
    """Extends each live hypothesis by one token."""
    logits, weights, state = next_token(beams.last, beams.state)
    size, full = logits.shape[-1], len(must_say)
    said = tf.reduce_any(beams.tokens[..., None] == list(must_say), axis=2)
    count = tf.reduce_sum(tf.cast(said, tf.int32), axis=2)
    # END is made impossible first: rules that leave nothing else give way.
    early = (count < full)[..., None] & _is(vocabulary.END, size)
    log_probs = scores_lib.log_probs(logits)
    log_probs = tf.where(early, scores_lib.NEVER, log_probs)
    scores = ranking.scores(beams, log_probs)
    bank = count[..., None] + tf.reduce_sum(
        tf.where(said, 0, 1)[..., None]
        * tf.one_hot(list(must_say), size, dtype=tf.int32),
        axis=2,
    )
    found, pick = _of_banks(
        scores,
        bank,
        beams.tokens.shape[1] // (full + 1),
        ranking.rules.preference(beams.place, size),
    )
    return hypotheses.grow(beams, found, pick, weights, state, ranking)


def _of_banks(
    scores: tf.Tensor,
    bank: tf.Tensor,
    count: int,
    preference: tf.Tensor | None,
) -> tuple[hypotheses.Candidates, tf.Tensor]:
    """The best candidates of each bank, and which of them live on.

    Args:
      scores: float32 [images, K, vocabulary].
      bank: int32, as `scores`; how many words the extended hypothesis has.
      count: how many of each bank live on.
      preference: see `hypotheses.best_candidates`.

    Returns:
      The candidates, and int32 [images, K]; the fullest bank is the first.
    """
    full = scores.shape[1] // count - 1
    found: list[hypotheses.Candidates] = []
    for number in range(full, -1, -1):
        own = tf.where(bank == number, scores, scores_lib.NEVER)
        # Of the fullest bank, up to `count` may end here.
        wanted = 2 * count if number == full else count
        found.append(hypotheses.best_candidates(own, wanted, preference))
    first = hypotheses.live(found[0], count)
    rest = tf.range(2 * count, (full + 2) * count)
    rest = tf.tile(rest[None], [scores.shape[0], 1])
    every = hypotheses.Candidates(
        *(tf.concat(parts, 1) for parts in zip(*found, strict=True))
    )
    return every, tf.concat([first, rest], 1)


def _is(token: int, size: int) -> tf.Tensor:
    return tf.one_hot(token, size, on_value=True, off_value=False)


def _possible_first(beams: hypotheses.Beams) -> hypotheses.Beams:
    """Puts live hypotheses that are possible first, of the fullest banks."""
    count = beams.log_probs.shape[1]
    possible = beams.log_probs > scores_lib.NEVER / 2
    _, order = tf.math.top_k(
        tf.where(possible, tf.range(count, 0, -1), 0), count
    )
    live = {
        name: tf.gather(getattr(beams, name), order, axis=1, batch_dims=1)
        for name in ("tokens", "log_probs", "attention")
    }
    return beams._replace(**live)
