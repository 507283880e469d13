"""Greedy search over tables of probabilities."""

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
    Table,
    expected_attention,
    text,
)


@pytest.mark.parametrize(
    ("table", "expected", "chance"),
    [
        (END_NOW, ".___", 0.6),
        (GARDEN_PATH, "A.__", 0.3),
        (LONG, "AB._", 0.55 * 0.9 * 0.8),
    ],
)
def test_greedy_search_of_literal_tables(table, expected, chance):
    decoded = Table.literal(table).greedy(max_length=4)
    assert text(decoded.tokens[0, 0]) == expected
    assert float(decoded.log_probs[0, 0]) == pytest.approx(
        math.log(chance), abs=1e-4
    )


def test_greedy_takes_the_likeliest_token_each_time():
    table = Table.noise(5, images=4, scale=1.0)
    decoded = table.greedy(max_length=6)
    for image in range(4):
        said: list[int] = []
        total = 0.0
        while len(said) < 6 and END not in said:
            log_probs = table.log_probs(image, tuple(said))
            said.append(END + int(np.argmax(log_probs[END:])))
            total += log_probs[said[-1]]
        said += [PAD] * (6 - len(said))
        assert decoded.tokens[image, 0].numpy().tolist() == said
        assert float(decoded.log_probs[image, 0]) == pytest.approx(
            total, rel=1e-5
        )


def test_greedy_without_an_end_fills_the_length():
    logits = np.zeros([2, 997, SIZE])
    logits[..., END] = -math.inf
    tokens = Table(logits).greedy(max_length=5).tokens.numpy()[:, 0]
    assert tokens.tolist() == [[A] * 5] * 2


def test_greedy_attention_ends_with_the_caption():
    table = Table.noise(8, images=6)
    decoded = table.greedy(max_length=5)
    lengths = {int(tf.math.count_nonzero(row)) for row in decoded.tokens[:, 0]}
    assert len(lengths) > 1
    for tokens, attention in zip(*decoded[:2], strict=True):
        expected = expected_attention(tokens[0].numpy().tolist(), 5)
        np.testing.assert_array_equal(attention[0], expected)
