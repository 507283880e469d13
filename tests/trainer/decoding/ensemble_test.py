"""Several captioners decode as one, whose probabilities are the mean."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import fixtures, toys
from trainer.decoding import beam, ensemble, generator


@pytest.fixture(scope="module")
def record_set(tmp_path_factory):
    return fixtures.write_uneven_record_set(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def members(record_set):
    draw, made = np.random.default_rng(5), []
    for units in (8, 12):
        one = fixtures.tiny_captioner(record_set.vocabulary, units=units)
        for variable in one.trainable_variables:
            variable.assign_add(draw.normal(scale=0.5, size=variable.shape))
        made.append(one)
    return made


@pytest.fixture(scope="module")
def grid(record_set):
    draw, spec = np.random.default_rng(4), record_set.manifest.grid
    shape = [3, spec.locations, spec.depth]
    return tf.constant(draw.normal(size=shape), tf.float32)


def test_probabilities_and_attention_are_the_mean(members, grid):
    tokens = tf.constant([[[2, 5, 6]]] * 3, tf.int32)
    logits, looks = ensemble.Ensemble(members)(grid, tokens)
    own = [one(grid, tokens) for one in members]
    expected = np.mean([tf.nn.softmax(each) for each, _ in own], axis=0)
    np.testing.assert_allclose(tf.exp(logits), expected, atol=1e-6)
    expected = np.mean([attention for _, attention in own], axis=0)
    np.testing.assert_allclose(looks, expected, atol=1e-6)


def test_steps_equal_teacher_forcing(members, grid):
    model = ensemble.Ensemble(members)
    tokens = tf.constant([[[2, 5, 6]]] * 3, tf.int32)
    logits, _ = model(grid, tokens)
    memory = model.remember(grid)
    state = model.initial_state(memory, 1)
    for place in range(3):
        new, _, state = model.step(memory, state, tokens[:, :, place])
        np.testing.assert_allclose(new, logits[:, :, place], atol=1e-5)


def test_one_twice_says_what_it_says_alone(record_set, members, grid):
    search = beam.BeamSearch(beams=3, max_length=5)
    words = record_set.vocabulary
    alone, twice = (
        generator.CaptionGenerator(model, words, search)
        for model in (members[0], ensemble.Ensemble([members[0]] * 2))
    )
    np.testing.assert_array_equal(
        alone.decode(grid).tokens, twice.decode(grid).tokens
    )


def test_members_without_attention_give_none(record_set, grid):
    blind = toys.BagOfCells(
        vocabulary_size=len(record_set.vocabulary),
        locations=grid.shape[1],
        depth=grid.shape[2],
        log_unigram=record_set.vocabulary.log_unigram(),
    )
    tokens = tf.constant([[[2, 5]]] * 3, tf.int32)
    assert ensemble.Ensemble([blind, blind])(grid, tokens)[1] is None
