"""Which tokens can be chosen, and how length is penalised."""

import math

import numpy as np
import pytest

from tests.support.probability_tables import (
    END,
    PAD,
    SIZE,
    START,
    UNK,
    A,
    B,
    C,
    Table,
    text,
)
from trainer.decoding import scores


def test_special_tokens_are_never_said():
    logits = np.random.default_rng(1).normal(size=[4, 997, SIZE])
    logits[..., [PAD, UNK, START]] += 30.0
    table = Table(logits)
    for decoded in (
        table.greedy(max_length=5),
        table.beam(2, max_length=5),
        table.beam(6, max_length=5, power=1.0),
    ):
        for row in decoded.tokens[:, 0].numpy().tolist():
            said = row[: row.index(END)] if END in row else row
            assert set(said) <= {A, B, C}
            assert set(row[len(said) :]) <= {END, PAD}


def test_more_beams_than_words_say_no_special_token():
    # One word only: the other live beams have nothing to say.
    logits = np.full([1, 997, SIZE], -math.inf)
    logits[..., [A, END]] = 0.0
    decoded = Table(logits).beam(4, max_length=3)
    assert text(decoded.tokens[0, 0]) == ".__"


@pytest.mark.parametrize(
    ("length", "power", "expected"),
    [(1, 0.7, 1.0), (7, 1.0, 2.0), (7, 2.0, 4.0), (9, 0.0, 1.0)],
)
def test_length_penalty(length, power, expected):
    penalty = scores.length_penalty(length, power)
    assert float(penalty) == pytest.approx(expected)
