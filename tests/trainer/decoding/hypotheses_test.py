"""Hypotheses grow, end, and stay in the order of their scores."""

import numpy as np
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.decoding import hypotheses, scores

END = vocabulary.END
RANKING = hypotheses.Ranking(length_power=1.0, max_length=3)


def start(live: int = 2) -> hypotheses.Beams:
    return hypotheses.first(
        tf.range(live)[None],
        images=1,
        live=live,
        done=2,
        locations=1,
        max_length=3,
    )


def say(beams: hypotheses.Beams, *tokens: tuple[int, int, float]):
    """Adds (parent, token, log probability) each."""
    parent, token, log_probs = (
        tf.constant([part]) for part in zip(*tokens, strict=True)
    )
    found = hypotheses.Candidates(log_probs, log_probs, parent, token)
    count = beams.tokens.shape[1]
    pick = hypotheses.live(found, count)
    looks = tf.ones([1, count, 1])
    return hypotheses.grow(beams, found, pick, looks, beams.state, RANKING)


def test_of_hypotheses_that_begin_the_same_one_may_grow():
    found = hypotheses.best_candidates(
        tf.zeros([1, 2, 5]) + start().log_probs[..., None], 4
    )
    assert set(found.parent[0].numpy()) == {0}
    assert len(set(found.token[0].numpy())) == 4


def test_those_that_end_are_finished_with_their_scores_and_live_no_more():
    beams = say(
        start(), (0, END, -1.0), (0, 7, -2.0), (0, 8, -3.0), (1, 9, -4.0)
    )
    assert beams.tokens[0, :, 0].numpy().tolist() == [7, 8]
    assert beams.done_tokens[0, 0].numpy().tolist() == [END, 0, 0]
    beams = say(
        beams, (0, END, -2.1), (1, END, -9.0), (0, 8, -9.0), (1, 8, -9.5)
    )
    # -1 / (6 / 6) is better than -2.1 / (7 / 6), and that than -9 / (7 / 6).
    np.testing.assert_allclose(
        beams.done_scores, [[-1.0, -2.1 * 6 / 7]], rtol=1e-6
    )
    assert beams.done_tokens[0, 1].numpy().tolist() == [7, END, 0]
    decoded = hypotheses.best(beams, 2)
    np.testing.assert_allclose(decoded.log_probs, [[-1.0, -2.1]], rtol=1e-6)


def test_an_impossible_end_finishes_nothing():
    beams = say(start(), (0, END, scores.NEVER - 1), (1, 7, -1.0), (0, 8, -2.0))
    assert float(beams.done_scores[0, 0]) == scores.NEVER


def test_a_search_goes_on_while_a_live_one_can_come_among_the_n_best():
    beams = say(start(), (0, END, -1.0), (0, 7, -2.0), (0, 8, -3.0))
    # At best -2 / (8 / 6) = -1.5.
    assert not hypotheses.can_improve(beams, RANKING, 1)
    assert hypotheses.can_improve(beams, RANKING, 2)


def test_a_preference_decides_the_choice_and_no_log_probability():
    log_probs = tf.constant([[[-1.0, -2.0, -3.0]]])
    found = hypotheses.best_candidates(
        log_probs, 2, preference=tf.constant([-5.0, 0.0, 0.0])
    )
    assert found.token.numpy().tolist() == [[1, 2]]
    assert found.log_probs.numpy().tolist() == [[-2.0, -3.0]]
    plain = hypotheses.best_candidates(log_probs, 2)
    assert plain.token.numpy().tolist() == [[0, 1]]


def test_at_the_last_place_only_the_end_is_left_where_there_is_one():
    log_probs = tf.constant([[[-1.0] * 5, [-1.0, -1.0, -1.0, -np.inf, -1.0]]])
    kept = hypotheses.ending(log_probs, tf.constant(True)).numpy()[0]
    assert (kept[0] > scores.NEVER / 2).tolist() == [False] * 3 + [True, False]
    np.testing.assert_array_equal(kept[1], log_probs[0, 1])
    before = hypotheses.ending(log_probs, tf.constant(False))
    np.testing.assert_array_equal(before, log_probs)
