"""The caption that the others agree with is the best."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.scoring import cider
from tests.support import fixtures
from trainer.data import split_images
from trainer.decoding import generator, greedy, sampling, scores, step
from trainer.decoding.consensus import Consensus, Vote

TRAIN = [
    ["a dog runs on grass", "a brown dog runs"],
    ["a cat sleeps on a bed", "a cat on a bed"],
    ["two men ride bikes", "men on bikes"],
    ["a dog sleeps", "a brown dog sleeps on a bed"],
]


@pytest.fixture(scope="module")
def vote() -> Vote:
    return Vote(
        fixtures.count_words([text for row in TRAIN for text in row]),
        cider.DocumentFrequencies.from_references(
            [[text.split() for text in row] for row in TRAIN]
        ),
    )


def decoded(vote: Vote, *texts: str, chances=None) -> step.Decoded:
    tokens = vote.vocabulary.encode(tf.constant(texts), 9)[None]
    looks = tf.range(len(texts), dtype=tf.float32)[None, :, None, None]
    chances = chances or [-float(place) for place in range(len(texts))]
    return step.Decoded(
        tokens, tf.tile(looks, [1, 1, 9, 1]), tf.constant([chances])
    )


def test_the_caption_that_agrees_with_the_others_comes_first(vote):
    texts = (
        "two men ride bikes",
        "a brown dog runs",
        "a dog runs on grass",
        "a brown dog runs on grass",
    )
    found = vote(decoded(vote, *texts))
    said = [vote.vocabulary.decode(row) for row in found.tokens[0].numpy()]
    assert said[0] == "a brown dog runs on grass"
    assert said[-1] == "two men ride bikes"
    # Attention and log probability went along.
    assert found.attention[0, 0, 0, 0] == 3 and found.log_probs[0, 0] == -3


def test_agreement_is_the_mean_cider_d_with_the_others(vote):
    captions = [text.split() for text in ("a dog runs", "a dog", "men ride")]
    agreement = vote.agreement(captions)
    for place, own in enumerate(captions):
        others = [each for n, each in enumerate(captions) if n != place]
        index = cider.ReferenceIndex.from_references([others], vote.frequencies)
        np.testing.assert_allclose(agreement[place], index.scores([own])[0])


def test_equal_captions_vote_for_each_other(vote):
    texts = ("a cat on a bed", "two men ride bikes", "two men ride bikes")
    found = vote(decoded(vote, *texts))
    assert vote.vocabulary.decode(found.tokens[0, 0].numpy()) == texts[1]


def test_impossible_captions_do_not_vote_and_stay_last(vote):
    never = scores.NEVER
    found = vote(
        decoded(
            vote,
            "a cat",
            "two men ride bikes",
            "two men ride bikes",
            chances=[-1.0, never, never],
        )
    )
    assert found.log_probs[0].numpy().tolist() == [-1.0, never, never]


def test_one_caption_an_image_is_refused(vote):
    with pytest.raises(ValueError) as error:
        vote(decoded(vote, "a cat"))
    assert str(error.value) == (
        "Consensus.search must return several captions of an image, as by "
        "`Sampling.n_best = 10`; it returns one"
    )


def test_a_generator_gives_the_captions_in_the_order_of_the_votes(record_set):
    model = fixtures.tiny_captioner(record_set.vocabulary)
    search = sampling.Sampling(n_best=5, max_length=6, temperature=0.7)
    (batch,) = split_images.batches(record_set, "train", batch_images=16)
    plain, agreed = (
        generator.CaptionGenerator(
            model, record_set.vocabulary, decoder
        ).captions(batch.grid, 12)
        for decoder in (search, Consensus(search, records=record_set.path))
    )
    for one, other in zip(plain, agreed, strict=True):
        assert sorted(one.n_best) == sorted(other.n_best)
        assert other.n_best[0] == (other.text, other.log_prob)
    assert [c.text for c in plain] != [c.text for c in agreed]


def test_settings_hold_those_of_the_search_and_no_place():
    decoder = Consensus(greedy.Greedy(max_length=9), records="/data/records")
    assert decoder.settings == {
        "name": "consensus",
        "search": {"name": "greedy", "max_length": 9},
    }
    assert decoder.description == "consensus of greedy search"
