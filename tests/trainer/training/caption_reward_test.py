"""The reward against the score that it is: CIDEr-D with END as a word."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import vocabulary
from pipeline.scoring import cider
from tests.support import fixtures
from trainer.data import split_images
from trainer.training import caption_reward

LENGTH = 7


@pytest.fixture(scope="module")
def record_set(tmp_path_factory):
    return fixtures.write_uneven_record_set(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def frequencies(record_set):
    return caption_reward.DocumentFrequencies.of(record_set, LENGTH)


def ids(draw, words: int, shape: list[int]) -> np.ndarray:
    """Captions of one word or more, END and PAD after them."""
    tokens = draw.integers(vocabulary.END + 1, words, [*shape, LENGTH])
    ends = draw.integers(1, LENGTH + 1, shape)[..., None]
    places = np.arange(LENGTH)
    tokens = np.where(places == ends, vocabulary.END, tokens)
    return np.where(places > ends, vocabulary.PAD, tokens).astype(np.int32)


def words(tokens: np.ndarray) -> list[str]:
    return [str(token) for token in tokens if token != vocabulary.PAD]


def train_words(record_set) -> list[list[list[str]]]:
    captions = split_images.captions(record_set, "train", limit=99)
    encode = record_set.vocabulary.encode
    return [
        [words(row) for row in encode(tf.constant(texts), LENGTH).numpy()]
        for texts in captions
    ]


def test_it_is_the_score_of_the_same_words(record_set, frequencies):
    draw = np.random.default_rng(1)
    count = len(record_set.vocabulary)
    # Few words, so that runs are shared, and repeated within a caption.
    samples, references = (ids(draw, min(count, 9), [6, n]) for n in (3, 4))
    references[0, 2:] = vocabulary.PAD
    samples[1, 0] = references[1, 1]
    rewards = caption_reward.CiderDReward(frequencies)(
        tf.constant(samples), tf.constant(references)
    )
    known = cider.DocumentFrequencies.from_references(train_words(record_set))
    index = cider.ReferenceIndex.from_references(
        [[words(row) for row in group if row.any()] for group in references],
        known,
    )
    for number in range(3):
        expected = index.scores([words(row) for row in samples[:, number]])
        np.testing.assert_allclose(rewards[:, number], expected, rtol=2e-5)
    assert np.ptp(rewards) > 2


def test_runs_are_counted_once_an_image(record_set, frequencies):
    counts: collections.Counter[tuple[str, ...]] = collections.Counter()
    images = train_words(record_set)
    for captions in images:
        counts.update(
            {
                tuple(words[start : start + order])
                for words in captions
                for order in range(1, 5)
                for start in range(len(words) - order + 1)
            }
        )
    assert frequencies.images == len(images)
    assert len(frequencies.keys) == len(counts)
    assert sorted(frequencies.counts) == sorted(counts.values())


def test_no_reference_is_no_reward(frequencies):
    empty = tf.zeros([2, 3, LENGTH], tf.int32)
    samples = tf.constant(ids(np.random.default_rng(2), 9, [2, 5]))
    rewards = caption_reward.CiderDReward(frequencies)(samples, empty)
    np.testing.assert_array_equal(rewards, np.zeros([2, 5]))


def test_runs_have_a_number_each():
    tokens = tf.constant([[4, 5, 4, 5, vocabulary.PAD]])
    keys = caption_reward.ngram_keys(tokens).numpy()[0]
    assert (keys > 0).sum(1).tolist() == [4, 3, 2, 1]
    assert len(np.unique(keys[keys > 0])) == 2 + 2 + 2 + 1


def test_too_many_words_are_refused(record_set, monkeypatch):
    monkeypatch.setattr(vocabulary.Vocabulary, "__len__", lambda self: 40_000)
    with pytest.raises(ValueError) as error:
        caption_reward.DocumentFrequencies.of(record_set, LENGTH)
    assert str(error.value) == (
        "`SelfCritical` counts runs of 32,768 words at most, got a vocabulary "
        "of 40,000: raise --min_count"
    )
