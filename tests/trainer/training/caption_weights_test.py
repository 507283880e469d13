"""What repeated captions count, against a count of their tokens in Python."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from tests.support import fixtures
from trainer.data import split_images
from trainer.training import caption_weights, grounding, loss, objective

# Cut so short, many captions of the record set are equal.
LENGTH = 2


@pytest.fixture(scope="module")
def record_set(tmp_path_factory):
    return fixtures.write_uneven_record_set(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def tokens(record_set):
    """Every train caption, int32 [captions, 1, LENGTH]."""
    rows = split_images.captions(record_set, "train", limit=99)
    texts = [text for row in rows for text in row]
    return record_set.vocabulary.encode(tf.constant(texts), LENGTH)[:, None]


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_a_caption_counts_by_how_often_it_occurs(record_set, tokens, power):
    rows = [tuple(row) for row in tokens.numpy()[:, 0]]
    counts = collections.Counter(rows)
    assert max(counts.values()) > 2 and min(counts.values()) == 1
    raw = np.array([counts[row] ** -power for row in rows])
    lengths = np.count_nonzero(tokens, axis=-1)[:, 0]
    expected = raw * lengths.sum() / (raw * lengths).sum()
    worth = caption_weights.CaptionWeights.of(record_set, LENGTH, power)
    found = worth.look_up(tokens).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(
        (found[:, 0] * lengths).sum() / lengths.sum(), 1, rtol=1e-6
    )


def test_captions_that_do_not_repeat_count_one_each(record_set, tokens):
    longer = tf.pad(tokens, [[0, 0], [0, 0], [0, 1]])
    worth = caption_weights.CaptionWeights(
        np.zeros(0, np.int64), np.zeros(0, np.float32), 1.0
    )
    np.testing.assert_array_equal(
        worth.look_up(longer), np.ones(tokens.shape[:2])
    )


def test_an_unknown_caption_counts_as_one_that_occurs_once(record_set):
    worth = caption_weights.CaptionWeights.of(record_set, LENGTH, 1.0)
    unknown = worth.look_up(tf.zeros([2, 1, LENGTH], tf.int32))
    np.testing.assert_allclose(unknown, worth.single)
    assert worth.single > 1 > worth.weights.min()


def test_other_orders_of_words_have_other_numbers():
    pair = tf.constant([[4, 5, 0], [5, 4, 0], [4, 5, 0]])
    first, second, third = caption_weights.caption_keys(pair).numpy()
    assert first == third != second


def test_the_loss_counts_them_and_the_report_does_not(record_set, tokens):
    model = fixtures.tiny_captioner(record_set.vocabulary)
    rows = tokens.shape[0]
    grid = np.random.default_rng(2).normal(size=[rows, 4, 6])
    weights = tf.cast(tokens > 0, tf.float32)
    batch = {"grid": tf.constant(grid), "tokens": tokens, "weights": weights}
    worth = caption_weights.CaptionWeights.of(record_set, LENGTH, 1.0)
    plain, weighted = (
        objective.TeacherForcing(
            loss.CaptionLoss(), grounding.Grounding(), worth=each
        )(model, batch, None)
        for each in (None, worth)
    )
    np.testing.assert_allclose(weighted[1], plain[1])
    single = [
        objective.TeacherForcing(loss.CaptionLoss())(
            model,
            {name: part[at : at + 1] for name, part in batch.items()},
            None,
        )[0]
        for at in range(rows)
    ]
    expected = np.dot(worth.look_up(tokens)[:, 0], single)
    np.testing.assert_allclose(weighted[0], expected, rtol=1e-5)
    assert abs(weighted[0] - plain[0]) > 1e-3 * plain[0]
