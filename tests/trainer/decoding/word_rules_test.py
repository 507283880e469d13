"""Rules forbid words, keep log probabilities, and give way at last."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support import fixtures
from tests.support.probability_tables import (
    END,
    FREE,
    LONG,
    PAD,
    SIZE,
    A,
    B,
    C,
    Table,
    text,
)
from trainer.decoding import beam, scores, step
from trainer.decoding.word_rules import WordRules


def breaks(rules: WordRules, words: tuple[int, ...]) -> bool:
    """Whether a caption of words is against the rules, written out."""
    order = rules.no_repeat_ngram
    runs = [words[i : i + order] for i in range(len(words) - order + 1)]
    return (
        len(words) < rules.min_words
        or bool(order and len(set(runs)) < len(runs))
        or (rules.no_doubled_word and any(map(int.__eq__, words, words[1:])))
        or bool(words and words[-1] in rules.bad_endings)
    )


def score(rules: WordRules, table: Table, words, power: float):
    """Log probability, and score, of a caption of the first image."""
    caption = (*words, END)
    log_prob = sum(
        table.log_probs(0, caption[:place])[token]
        for place, token in enumerate(caption)
    )
    wanted = rules.target_words or len(words)
    reward = rules.length_reward * (
        min(len(words), wanted) - max(len(words) - wanted, 0)
    )
    return log_prob, log_prob / ((5 + len(caption)) / 6) ** power + reward


RULES = [
    WordRules(min_words=3),
    WordRules(no_repeat_ngram=1),
    WordRules(no_repeat_ngram=2),
    WordRules(no_doubled_word=True),
    WordRules(bad_endings=(A, C)),
    WordRules(length_reward=1.0),
    WordRules(length_reward=-1.0, min_words=0),
    WordRules(length_reward=3.0, target_words=2),
    WordRules(2, 2, True, (B,), 2.0, 2),
]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("seed", range(3))
def test_enough_beams_find_the_best_caption_that_obeys(rules, seed):
    table, most = Table.noise(seed, images=1), 5
    decoded = table.beam(3**4, max_length=most, power=0.7, rules=rules)
    found = [
        (score(rules, table, words, 0.7)[1], words)
        for length in range(most)
        for words in itertools.product([A, B, C], repeat=length)
        if not breaks(rules, words)
    ]
    _, best = max(found)
    said = decoded.tokens[0, 0].numpy().tolist()
    assert said == [*best, END, *[PAD] * (most - 1 - len(best))]
    assert float(decoded.log_probs[0, 0]) == pytest.approx(
        score(rules, table, best, 0.7)[0], rel=1e-5
    )


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("beams", [1, 3])
def test_every_search_obeys(rules, beams):
    table, most = Table.noise(7, images=8), 6
    decoded = (
        table.greedy(max_length=most, rules=rules)
        if beams == 1
        else table.beam(beams, max_length=most, power=0.7, rules=rules)
    )
    for row in decoded.tokens[:, 0].numpy():
        words = tuple(token for token in row.tolist() if token > END)
        assert not breaks(rules, words)


def test_default_rules_forbid_the_empty_caption_alone():
    table = Table.noise(3, images=64)
    for search in ("beam", "greedy"):
        free, ruled = (
            table.beam(3, max_length=5, power=0.7, rules=rules)
            if search == "beam"
            else table.greedy(max_length=5, rules=rules)
            for rules in (FREE, WordRules())
        )
        empty = free.tokens[:, 0, 0].numpy() == END
        assert 0 < empty.sum() < 64
        for one, other in zip(free, ruled, strict=True):
            np.testing.assert_array_equal(one[~empty], other[~empty])
        assert not (ruled.tokens[:, 0, 0].numpy() == END).any()


def test_a_forbidden_word_keeps_the_others_log_probabilities():
    log_probs = tf.math.log(tf.constant([[[1e-9, 1e-9, 1e-9, 0.5, 0.3, 0.2]]]))
    said = tf.constant([[[4, 0, 0]]])
    left = WordRules(no_doubled_word=True).allowed(
        log_probs, said, tf.constant(1)
    )
    assert left[0, 0, 4] == scores.NEVER
    kept = [3, 5]
    np.testing.assert_array_equal(
        left.numpy()[0, 0, kept], log_probs.numpy()[0, 0, kept]
    )


@pytest.mark.parametrize("beams", [1, 2])
def test_where_all_words_are_forbidden_the_caption_ends(beams):
    logits = np.random.default_rng(1).normal(size=[4, 997, SIZE])
    logits[..., [B, C]] = -math.inf
    rules = WordRules(min_words=3, no_doubled_word=True)
    table = Table(logits)
    decoded = (
        table.greedy(max_length=5, rules=rules)
        if beams == 1
        else table.beam(beams, max_length=5, rules=rules)
    )
    assert [text(row) for row in decoded.tokens[:, 0]] == ["A.___"] * 4


def test_where_even_the_end_is_impossible_rules_give_way():
    logits = np.zeros([1, 997, SIZE])
    logits[..., [B, C, END]] = -math.inf
    rules = WordRules(no_repeat_ngram=1)
    for decoded in (
        Table(logits).greedy(max_length=4, rules=rules),
        Table(logits).beam(3, max_length=4, rules=rules),
    ):
        assert text(decoded.tokens[0, 0]) == "AAAA"
        # PAD, UNK and START are as likely as A.
        assert float(decoded.log_probs[0, 0]) == pytest.approx(
            4 * math.log(0.25), abs=1e-4
        )


@pytest.mark.parametrize("beams", [1, 2])
def test_a_captioner_that_can_say_no_word_says_none_and_fails_not(beams):
    logits = np.full([1, 997, SIZE], -math.inf)
    logits[..., END] = 0
    table = Table(logits)
    decoded = (
        table.greedy(max_length=3, rules=WordRules())
        if beams == 1
        else table.beam(beams, max_length=3, rules=WordRules())
    )
    assert text(decoded.tokens[0, 0]) == ".__"
    assert float(decoded.log_probs[0, 0]) == pytest.approx(0, abs=1e-4)


def test_a_reward_makes_captions_longer_and_a_target_makes_them_meet_it():
    table = Table.literal(LONG)
    assert text(table.beam(3, max_length=5).tokens[0, 0]) == ".____"
    long = table.beam(3, max_length=5, rules=WordRules(length_reward=1.0))
    assert text(long.tokens[0, 0]) == "AB.__"
    one = WordRules(length_reward=9.0, target_words=1)
    for decoded in (
        table.beam(3, max_length=5, rules=one),
        table.greedy(max_length=5, rules=one),
    ):
        assert text(decoded.tokens[0, 0]) == "A.___"
        assert float(decoded.log_probs[0, 0]) == pytest.approx(
            math.log(0.55 * 0.1), abs=1e-4
        )


def test_words_of_a_rule_are_found_in_the_vocabulary():
    words = fixtures.count_words(["a dog with a ball", "a dog on the grass"])
    decoder = beam.BeamSearch(rules=WordRules(bad_endings=("a", "on", "zzz")))
    assert isinstance(decoder, step.NamesWords)
    tokens = decoder.knowing(words).rules.bad_endings
    assert [words.words[token] for token in tokens] == ["a", "on"]
    assert decoder.settings["rules"] == {"bad_endings": ["a", "on", "zzz"]}


def test_a_decoder_without_rules_of_its_own_has_the_identity_it_had():
    assert beam.BeamSearch().settings == {
        "name": "beam",
        "beams": 3,
        "max_length": 24,
        "length_power": 0.7,
    }
    rules = WordRules(no_repeat_ngram=3, bad_endings=["a", "the"])
    ruled = beam.BeamSearch(rules=rules)
    assert ruled.settings["rules"] == {
        "no_repeat_ngram": 3,
        "bad_endings": ["a", "the"],
    }
    assert ruled.description == (
        "beam search, 3 beams, no_repeat_ngram 3, bad_endings 2 words"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_words": -1}, "`min_words` must not be negative, got -1"),
        (
            {"no_repeat_ngram": -2},
            "`no_repeat_ngram` must not be negative, got -2",
        ),
        (
            {"target_words": 9},
            "`target_words` needs a positive `length_reward`, got 0.0",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        WordRules(**settings)
    assert str(error.value) == message
