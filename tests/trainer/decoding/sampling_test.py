"""Samples are as frequent as they are likely, and the same for a seed."""

import collections
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support.probability_tables import (
    END,
    FREE,
    SIZE,
    A,
    B,
    C,
    Table,
    expected_attention,
    text,
)
from trainer.decoding import sampling
from trainer.decoding.sampling import Sampling
from trainer.decoding.word_rules import WordRules

CHANCES = {"": {"A": 0.5, "B": 0.3, ".": 0.2}, "A": {".": 0.6, "C": 0.4}}


def sample(table: Table, decoder: Sampling):
    return decoder(
        table.next_token,
        tf.zeros([table.images, decoder.n_best], tf.int32),
        images=table.images,
        locations=Table.locations,
    )


def frequencies(**settings) -> dict[str, float]:
    """Of the captions of 40 images with the same probabilities."""
    table = Table.literal(*[CHANCES] * 40)
    decoder = Sampling(n_best=100, max_length=2, rules=FREE, **settings)
    decoded = sample(table, decoder)
    counts = collections.Counter(
        text(row) for row in tf.reshape(decoded.tokens, [-1, 2])
    )
    return {said: count / 4000 for said, count in counts.items()}


def agree(found: dict[str, float], expected: dict[str, float]) -> None:
    for said in found | expected:
        chance = expected.get(said, 0.0)
        error = math.sqrt(chance * (1 - chance) / 4000)
        assert abs(found.get(said, 0) - chance) < 4 * error + 1e-9, said


def test_captions_are_as_frequent_as_likely():
    found = frequencies()
    # After B, all seven tokens are as likely, and three of them never said.
    after_b = {f"B{letter}": 0.3 / 4 for letter in "ABC."}
    agree(found, {"A.": 0.3, "AC": 0.2, "._": 0.2, **after_b})


def test_a_low_temperature_sharpens_probabilities():
    found = frequencies(temperature=0.5)
    first = collections.Counter()
    for said, share in found.items():
        first[said[0]] += share
    whole = 0.5**2 + 0.3**2 + 0.2**2
    agree(first, {"A": 0.25 / whole, "B": 0.09 / whole, ".": 0.04 / whole})


def test_the_likeliest_k_words_alone_are_drawn():
    found = frequencies(top_k=2)
    firsts = sum(share for said, share in found.items() if said[0] == "A")
    assert not any(said[0] == "." for said in found)
    assert abs(firsts - 0.5 / 0.8) < 4 * math.sqrt(0.25 / 4000)


@pytest.mark.parametrize(
    ("top_p", "firsts"),
    [(0.1, "A"), (0.49, "A"), (0.51, "AB"), (0.79, "AB"), (0.81, "AB.")],
)
def test_the_nucleus_is_the_fewest_words_with_the_share(top_p, firsts):
    assert {said[0] for said in frequencies(top_p=top_p)} == set(firsts)


def test_every_token_has_its_share_of_the_unit_interval():
    log_probs = tf.math.log(tf.constant([[[0.1, 0.6, 0.3]]]))
    log_probs = tf.tile(log_probs, [1, 1000, 1])
    uniform = (tf.range(1000, dtype=tf.float32) / 1000)[None]
    tokens = sampling.drawn(log_probs, uniform, top_k=0, top_p=1.0)
    counts = np.bincount(tokens[0].numpy(), minlength=3)
    np.testing.assert_allclose(counts, [100, 600, 300], atol=2)


def test_what_is_impossible_is_not_drawn_at_the_ends_of_the_interval():
    log_probs = tf.constant([[[-1e9, 0.0, -1e9, -0.5, -math.inf]] * 2])
    ends = tf.constant([[0.0, 1 - 2**-24]])
    tokens = sampling.drawn(log_probs, ends, top_k=0, top_p=1.0)
    assert tokens[0].numpy().tolist() == [1, 3]


def test_a_seed_draws_the_same_and_another_one_other_captions():
    table = Table.noise(4, images=16, scale=0.5)
    one, again, other = (
        sample(table, Sampling(seed=seed, max_length=6)).tokens.numpy()
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any(axis=(1, 2)).mean() > 0.5


def test_an_image_draws_the_same_in_any_batch():
    logits = np.random.default_rng(9).normal(scale=0.5, size=[6, 997, SIZE])
    keys = tf.constant([70, 10, -30, 40, 2**31 - 1, 60])

    def draw(*rows: int):
        table = Table(logits[list(rows)])
        search = Sampling(n_best=3, max_length=6).drawing(tf.gather(keys, rows))
        return search(
            table.next_token,
            tf.zeros([len(rows), 3], tf.int32),
            images=len(rows),
            locations=Table.locations,
        )

    together, few = draw(0, 1, 2, 3, 4, 5), draw(4, 1)
    for whole, part in zip(together, few, strict=True):
        np.testing.assert_allclose(tf.gather(whole, [4, 1]), part, rtol=1e-5)


def test_samples_come_likeliest_first_with_their_own_log_probabilities():
    table = Table.noise(8, images=6)
    decoded = sample(
        table, Sampling(n_best=5, max_length=5, temperature=2.0, top_p=0.8)
    )
    for image in range(6):
        chances = decoded.log_probs[image].numpy().tolist()
        assert chances == sorted(chances, reverse=True)
        for number, chance in enumerate(chances):
            said = decoded.tokens[image, number].numpy().tolist()
            words = [token for token in said if token]
            expected = sum(
                table.log_probs(image, tuple(words[:place]))[token]
                for place, token in enumerate(words)
            )
            assert chance == pytest.approx(expected, rel=1e-4)
            np.testing.assert_array_equal(
                decoded.attention[image, number], expected_attention(said, 5)
            )


def test_samples_obey_rules_and_are_never_empty():
    table = Table.noise(2, images=32)
    rules = WordRules(min_words=2, no_doubled_word=True, bad_endings=(A,))
    decoded = sample(table, Sampling(n_best=4, max_length=9, rules=rules))
    for row in tf.reshape(decoded.tokens, [-1, 9]).numpy().tolist():
        words = [token for token in row if token > END]
        assert len(words) >= 2 and set(words) <= {A, B, C}
        assert all(map(int.__ne__, words, words[1:]))
        assert words[-1] != A


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0.0}, "`temperature` must be above 0, got 0.0"),
        ({"top_k": -1}, "`top_k` must not be negative, got -1"),
        ({"top_p": 0.0}, "`top_p` must lie in (0, 1], got 0.0"),
        ({"top_p": 1.5}, "`top_p` must lie in (0, 1], got 1.5"),
        ({"n_best": 0}, "`n_best` must be positive, got 0"),
    ],
)
def test_numbers_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        Sampling(**settings)
    assert str(error.value) == message


def test_the_description_says_what_is_drawn_from():
    decoder = Sampling(temperature=0.8, top_k=5, top_p=0.9, n_best=3)
    assert decoder.description == (
        "sampling, temperature 0.8, top-5, nucleus 0.9, 3 samples"
    )
