"""Losses of uniform, unigram, bigram and trigram models."""

import collections
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from pipeline.card import word_models
from pipeline.recordset import vocabulary as vocabulary_lib

_DATA = pathlib.Path(
    os.environ.get(
        "EYEWITNESS_DATA",
        pathlib.Path(__file__).parents[4] / "shared" / "data",
    )
)
TRAIN = [
    ["a red dog runs", "the dog runs"],
    ["a blue cat sleeps", "the cat sleeps on a bed"],
    ["a red cat runs", "the red dog sleeps"],
]


def _vocabulary(
    groups: list[list[str]], least: int = 1
) -> vocabulary_lib.Vocabulary:
    captions = [text for group in groups for text in group]
    words = vocabulary_lib.tokenise(tf.constant(captions)).flat_values.numpy()
    counts = collections.Counter(word.decode() for word in words)
    return vocabulary_lib.Vocabulary.from_counts(
        {word: n for word, n in counts.items() if n >= least},
        num_captions=len(captions),
        num_words=len(words),
    )


def test_shares_of_the_next_word_add_up_to_one() -> None:
    size = 7
    draw = np.random.default_rng(0)
    seen = draw.integers(1, size, (60, 3)) @ [size**2, size, 1]
    model = word_models.KneserNey.of(seen, size)
    words = np.arange(1, size)
    for before in (*np.unique(seen // size), 1 * size + 1, 5):
        for shares in model.shares(before * size + words, uniform=1 / 6):
            assert shares.sum() == pytest.approx(1)
            assert (shares > 0).all()


def test_what_was_seen_often_is_likely() -> None:
    size = 5
    seen = np.array([[1, 2, 3]] * 9 + [[1, 2, 4]] + [[4, 2, 4]] * 9)
    model = word_models.KneserNey.of(seen @ [size**2, size, 1], size)
    asked = np.array([[1, 2, 3], [1, 2, 4], [3, 2, 4]]) @ [size**2, size, 1]
    bigram, trigram = model.shares(asked, uniform=1 / 3)
    assert trigram[0] > 0.8 > 0.2 > trigram[1]
    assert bigram[0] < bigram[1] == bigram[2]
    # Nothing was seen after 3, 2: as after 2 alone, but by kinds of context.
    assert trigram[1] < trigram[2] < trigram[0]


def test_a_missing_sample_has_no_ladder() -> None:
    vocabulary = _vocabulary(TRAIN)
    assert word_models.climb("test", TRAIN, [], vocabulary) is None
    assert word_models.climb("test", [], TRAIN, vocabulary) is None


def test_uniform_is_the_log_of_what_can_be_predicted() -> None:
    vocabulary = _vocabulary(TRAIN)
    facts = word_models.climb("test", TRAIN, TRAIN, vocabulary)
    assert facts is not None
    assert facts.uniform == pytest.approx(np.log(len(vocabulary) - 2))
    assert facts.tokens == sum(
        len(text.split()) + 1 for group in TRAIN for text in group
    )
    assert (facts.train_images, facts.images) == (3, 3)


@pytest.mark.data
def test_ladder_of_flickr8k() -> None:
    folder = _DATA / "flickr8k"
    if not folder.exists():
        pytest.skip(f"{folder} is missing; set EYEWITNESS_DATA.")
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for line in (folder / "Flickr8k.token.txt").read_text().splitlines():
        key, caption = line.split("\t")
        groups[key.split("#")[0]].append(caption)
    train, held = (
        [groups[name] for name in (folder / file).read_text().split()]
        for file in ("Flickr_8k.trainImages.txt", "Flickr_8k.devImages.txt")
    )
    facts = word_models.climb("dev", train, held, _vocabulary(train, least=5))
    assert facts is not None
    rungs = (facts.uniform, facts.unigram, facts.bigram, facts.trigram)
    # On the test split: 7.84, 5.13, 3.56, 3.36.
    assert rungs == pytest.approx((7.84, 5.13, 3.56, 3.36), abs=0.03)
