"""Beam search over tables of probabilities, against exhaustive search.

Tokens 0 to 3 are PAD, UNK, START and END; then come A, B and C.
"""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support.probability_tables import (
    END,
    END_NOW,
    GARDEN_PATH,
    LONG,
    PAD,
    SIZE,
    A,
    B,
    C,
    Table,
    expected_attention,
    text,
)


def test_finished_hypothesis_leaves_the_beam_for_good():
    decoded = Table.literal(END_NOW).beam(2, max_length=4)
    assert text(decoded.tokens[0, 0]) == ".___"
    assert float(decoded.log_probs[0, 0]) == pytest.approx(math.log(0.6))


@pytest.mark.parametrize(
    ("table", "beams", "power", "expected", "chance"),
    [
        (END_NOW, 2, 1.0, ".___", 0.6),
        (GARDEN_PATH, 1, 0.0, "A.__", 0.3),
        (GARDEN_PATH, 2, 0.0, "B.__", 0.4),
        (GARDEN_PATH, 3, 0.0, "B.__", 0.4),
        (LONG, 2, 0.0, ".___", 0.45),
        # log 0.396 over ((5 + 3) / 6) beats log 0.45 over ((5 + 1) / 6).
        (LONG, 2, 1.0, "AB._", 0.55 * 0.9 * 0.8),
    ],
)
def test_beam_search_of_literal_tables(table, beams, power, expected, chance):
    decoded = Table.literal(table).beam(beams, max_length=4, power=power)
    assert text(decoded.tokens[0, 0]) == expected
    assert float(decoded.log_probs[0, 0]) == pytest.approx(
        math.log(chance), abs=1e-4
    )


def ranked(
    table: Table, image: int, max_length: int, power: float
) -> list[tuple[tuple[int, ...], float]]:
    """All captions that end, with their log probabilities, the best first."""
    found = []
    for length in range(max_length):
        for words in itertools.product([A, B, C], repeat=length):
            caption = (*words, END)
            log_prob = sum(
                table.log_probs(image, caption[:place])[token]
                for place, token in enumerate(caption)
            )
            score = log_prob / ((5 + len(caption)) / 6) ** power
            found.append((score, log_prob, caption))
    return [(tokens, chance) for _, chance, tokens in sorted(found)[::-1]]


@pytest.mark.parametrize("power", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_enough_beams_find_the_best_of_all_captions(seed, power):
    table = Table.noise(seed, images=3)
    # As many beams as there are captions of three words without an end.
    decoded = table.beam(3**3, max_length=4, power=power)
    for image in range(3):
        caption, log_prob = ranked(table, image, 4, power)[0]
        said = decoded.tokens[image, 0].numpy().tolist()
        assert said == [*caption, *[PAD] * (4 - len(caption))]
        assert float(decoded.log_probs[image, 0]) == pytest.approx(
            log_prob, rel=1e-5
        )


def test_caption_that_ends_goes_before_a_likelier_one_that_does_not():
    logits = np.random.default_rng(2).normal(size=[3, 997, SIZE])
    logits[..., END] = -30
    decoded = Table(logits).beam(3, max_length=4, power=0.7)
    assert all(END in row for row in decoded.tokens.numpy()[:, 0])


@pytest.mark.parametrize("max_length", [2, 4, 9])
def test_a_limit_that_is_too_short_cuts_captions_and_empties_none(max_length):
    # END is unlikely at every place, and one of the best four candidates at the
    # first place alone.
    logits = np.random.default_rng(4).normal(scale=0.1, size=[3, 997, SIZE])
    logits[..., A] += 4
    logits[..., END] = -6
    decoded = Table(logits).beam(2, max_length=max_length, power=0.7)
    for row in decoded.tokens.numpy()[:, 0]:
        assert set(row[:-1]) <= {A, B, C}
        assert row[-1] == END


@pytest.mark.parametrize("end", [-1e9, -math.inf])
@pytest.mark.parametrize("words", [[A], [A, B, C]])
def test_best_live_hypothesis_is_taken_when_none_ends(words, end):
    max_length = 20
    logits = np.random.default_rng(2).normal(size=[3, 997, SIZE])
    logits[..., [word for word in (A, B, C) if word not in words]] = -math.inf
    logits[..., END] = end
    table = Table(logits)
    decoded = table.beam(3, max_length=max_length, power=0.7)
    for image in range(3):
        said = tuple(decoded.tokens[image, 0].numpy().tolist())
        assert set(said) <= set(words)
        expected = sum(
            table.log_probs(image, said[:place])[token]
            for place, token in enumerate(said)
        )
        assert float(decoded.log_probs[image, 0]) == pytest.approx(
            expected, rel=1e-5
        )


def test_best_live_hypothesis_is_the_likeliest_of_all():
    logits = np.random.default_rng(3).normal(size=[1, 997, SIZE])
    logits[..., END] = -math.inf
    table = Table(logits)
    decoded = table.beam(27, max_length=3)
    chances = {
        said: sum(
            table.log_probs(0, said[:place])[token]
            for place, token in enumerate(said)
        )
        for said in itertools.product([A, B, C], repeat=3)
    }
    best = max(chances, key=chances.__getitem__)
    assert tuple(decoded.tokens[0, 0].numpy()) == best


@pytest.mark.parametrize("less", [1.0, math.inf])
@pytest.mark.parametrize("beams", [1, 2, 4])
def test_attention_is_that_of_the_caption_itself(beams, less):
    logits = np.random.default_rng(7).normal(size=[12, 997, SIZE])
    logits[..., END] -= less
    decoded = Table(logits).beam(beams, max_length=5, power=2.0)
    # Long enough for beams to change places.
    assert tf.math.count_nonzero(decoded.tokens[:, 0, 3]) >= 4
    for tokens, attention in zip(*decoded[:2], strict=True):
        expected = expected_attention(tokens[0].numpy().tolist(), 5)
        np.testing.assert_array_equal(attention[0], expected)


@pytest.mark.parametrize("power", [0.0, 0.7])
def test_the_n_best_are_those_of_all_captions_in_order(power):
    table = Table.noise(3, images=2)
    decoded = table.beam(27, max_length=4, power=power, n_best=6)
    for image in range(2):
        expected = ranked(table, image, 4, power)[:6]
        for place, (caption, log_prob) in enumerate(expected):
            said = decoded.tokens[image, place].numpy().tolist()
            assert said == [*caption, *[PAD] * (4 - len(caption))]
            assert float(decoded.log_probs[image, place]) == pytest.approx(
                log_prob, rel=1e-5
            )


@pytest.mark.parametrize("seed", range(3))
def test_asking_for_more_captions_does_not_change_the_best(seed):
    table = Table.noise(seed, images=4)
    one = table.beam(3, max_length=6, power=0.7)
    three = table.beam(3, max_length=6, power=0.7, n_best=3)
    np.testing.assert_array_equal(one.tokens[:, 0], three.tokens[:, 0])
    np.testing.assert_array_equal(one.log_probs[:, 0], three.log_probs[:, 0])


@pytest.mark.parametrize("seed", range(3))
def test_no_caption_is_twice_among_the_n_best(seed):
    decoded = Table.noise(seed, images=3).beam(8, max_length=4, n_best=8)
    for row, chances in zip(decoded.tokens, decoded.log_probs, strict=True):
        pairs = zip(row.numpy(), chances.numpy(), strict=True)
        found = [tuple(tokens) for tokens, chance in pairs if chance > -1e8]
        assert len(set(found)) == len(found) > 1


def test_fewer_captions_than_beams_leave_the_rest_impossible():
    decoded = Table.literal(END_NOW).beam(2, max_length=2, n_best=2)
    assert text(decoded.tokens[0, 1]) == "A."
    logits = np.full([1, 997, SIZE], -math.inf)
    logits[..., END] = 0
    decoded = Table(logits).beam(3, max_length=3, n_best=3)
    assert (decoded.log_probs[0].numpy() > -1e8).tolist() == [
        True,
        False,
        False,
    ]
