"""Captions with words that they must have, against exhaustive search."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support import fixtures
from tests.support.probability_tables import (
    END,
    PAD,
    SIZE,
    A,
    B,
    C,
    Table,
    expected_attention,
    text,
)
from trainer.decoding import beam, step
from trainer.decoding.word_rules import WordRules


def search(table: Table, **settings) -> step.Decoded:
    decoder = beam.BeamSearch(**{"max_length": 5, **settings})
    return decoder(
        table.next_token,
        tf.zeros([table.images, decoder.hypotheses], tf.int32),
        images=table.images,
        locations=Table.locations,
    )


def best(table: Table, image: int, must_say: list[int]) -> tuple[int, ...]:
    found = []
    for length in range(1, 5):
        for words in itertools.product([A, B, C], repeat=length):
            if set(must_say) <= set(words):
                caption = (*words, END)
                log_prob = sum(
                    table.log_probs(image, caption[:place])[token]
                    for place, token in enumerate(caption)
                )
                score = log_prob / ((5 + len(caption)) / 6) ** 0.7
                found.append((score, caption))
    return max(found)[1]


@pytest.mark.parametrize("must_say", [[A], [C], [B, C], [C, B, A]])
@pytest.mark.parametrize("seed", range(2))
def test_enough_beams_find_the_best_caption_that_says_them(must_say, seed):
    table = Table.noise(seed, images=3)
    decoded = search(table, beams=81, must_say=must_say)
    for image in range(3):
        expected = best(table, image, must_say)
        said = decoded.tokens[image, 0].numpy().tolist()
        assert said == [*expected, *[PAD] * (5 - len(expected))]
        total = sum(
            table.log_probs(image, expected[:place])[token]
            for place, token in enumerate(expected)
        )
        assert float(decoded.log_probs[image, 0]) == pytest.approx(
            total, rel=1e-5
        )


@pytest.mark.parametrize("beams", [1, 2, 4])
def test_a_few_beams_say_them_however_unlikely(beams):
    logits = np.random.default_rng(1).normal(size=[20, 997, SIZE])
    logits[..., [B, C]] -= 15
    logits[..., END] += 4
    decoded = search(Table(logits), beams=beams, must_say=[C, B], n_best=beams)
    for row, chances in zip(
        decoded.tokens.numpy(), decoded.log_probs.numpy(), strict=True
    ):
        assert chances[0] > -100
        for tokens in row[chances > -1e8].tolist():
            assert {B, C, END} <= set(tokens)


def test_there_is_just_room_for_the_words():
    decoded = search(
        Table.noise(3, images=9), beams=1, max_length=3, must_say=[A, B]
    )
    assert {text(row[0]) for row in decoded.tokens} <= {"AB.", "BA."}


def test_attention_is_that_of_the_caption_itself():
    decoded = search(Table.noise(5, images=9), beams=2, must_say=[A, C])
    for tokens, attention in zip(*decoded[:2], strict=True):
        expected = expected_attention(tokens[0].numpy().tolist(), 5)
        np.testing.assert_array_equal(attention[0], expected)


def test_an_impossible_word_leaves_a_caption_with_the_others():
    logits = np.random.default_rng(1).normal(size=[4, 997, SIZE])
    logits[..., B] = -math.inf
    decoded = search(Table(logits), beams=2, must_say=[A, B])
    for row, chance in zip(
        decoded.tokens[:, 0].numpy(), decoded.log_probs[:, 0], strict=True
    ):
        assert A in row and set(row) <= {A, C} and chance > -100


@pytest.mark.parametrize(
    "rules", [WordRules(no_repeat_ngram=1), WordRules(bad_endings=(B, C))]
)
def test_the_words_are_said_beside_rules(rules):
    decoded = search(
        Table.noise(6, images=16), beams=2, must_say=[B, C], rules=rules
    )
    for row in decoded.tokens[:, 0].numpy().tolist():
        assert {B, C} <= set(row)
        words = [token for token in row if token > END]
        if rules.no_repeat_ngram:
            assert len(set(words)) == len(words)
        else:
            assert words[-1] == A


def test_words_that_cannot_be_said_are_named():
    words = fixtures.count_words(["a red circle"])
    known = beam.BeamSearch(must_say=["red"]).knowing(words)
    assert [words.words[token] for token in known.must_say] == ["red"]
    for word in ("zebra", "<unk>", "red circle"):
        with pytest.raises(ValueError) as error:
            beam.BeamSearch(must_say=["red", word]).knowing(words)
        assert str(error.value) == (
            f"`must_say` has {word!r}, which the captioner can't say: it is "
            "none of the 3 words of its vocabulary"
        )


def test_more_words_than_a_caption_holds_are_refused():
    with pytest.raises(ValueError) as error:
        beam.BeamSearch(max_length=3, must_say=["a", "b", "c"])
    assert str(error.value) == (
        "`must_say` has 3 words, and a caption at most 2 (`max_length`)"
    )


def test_the_words_are_part_of_the_identity_and_shown():
    decoder = beam.BeamSearch(must_say=("red", "dog"))
    assert decoder.settings["must_say"] == ["red", "dog"]
    assert decoder.description == "beam search, 3 beams, must say red dog"
    assert decoder.hypotheses == 9
