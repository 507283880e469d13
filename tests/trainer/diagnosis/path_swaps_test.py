"""Paths that carry something, and paths that do not."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import fixtures, toys
from trainer.captioners import contract, transformer
from trainer.data import batches
from trainer.data.batching import Batching
from trainer.diagnosis import path_swaps

BATCHING = Batching(
    batch_images=8, captions_per_image=3, max_length=8, num_streams=4
)


@pytest.fixture(scope="module")
def batch(record_set) -> batches.Batch:
    data = batches.CaptionDataset(record_set, "train", BATCHING, shuffle=False)
    return data.first_images(9)


def measure(captioner: contract.Captioner, batch) -> path_swaps.PathSwaps:
    return path_swaps.measure(captioner, batch)


@pytest.fixture(scope="module")
def captioner(record_set) -> contract.Captioner:
    """With weights far from zero, so that every path carries something."""
    made = fixtures.tiny_captioner(record_set.vocabulary)
    draw = np.random.default_rng(0)
    for weight in made.weights:
        weight.assign(draw.normal(0, 0.5, weight.shape))
    return made


def test_losses_are_those_of_teacher_forcing(captioner, batch) -> None:
    swaps = measure(captioner, batch)
    logits, _ = captioner(batch["grid"], contract.shift_right(batch["tokens"]))
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        batch["tokens"], logits
    )
    expected = tf.reduce_sum(losses * batch["weights"], [1, 2]) / tf.reduce_sum(
        batch["weights"], [1, 2]
    )
    np.testing.assert_allclose(swaps.own, expected, rtol=1e-4)


def test_every_path_of_a_whole_captioner_carries_something(
    captioner, batch
) -> None:
    swaps = measure(captioner, batch)
    assert swaps.attends
    assert set(swaps.rises) == {
        *("image", "memory", "state", "uniform", "blank", "words")
    }
    for path, rises in swaps.rises.items():
        assert np.abs(rises).max() > 1e-3, path


def test_a_blind_captioner_owes_exactly_nothing_to_images(
    record_set, batch
) -> None:
    swaps = measure(
        fixtures.tiny_captioner(record_set.vocabulary, uses_image=False), batch
    )
    for path in ("image", "memory", "state", "blank"):
        assert not swaps.rises[path].any(), path
    assert swaps.rises["words"].any()


def test_a_captioner_without_attention_or_state_is_measured(
    record_set, batch
) -> None:
    grid = record_set.manifest.grid
    captioner = toys.BagOfCells(
        vocabulary_size=len(record_set.vocabulary),
        locations=grid.locations,
        depth=grid.depth,
        log_unigram=record_set.vocabulary.log_unigram(),
    )
    swaps = measure(captioner, batch)
    assert not swaps.attends
    assert not swaps.rises["state"].any()
    assert not swaps.rises["uniform"].any()
    np.testing.assert_allclose(swaps.rises["memory"], swaps.rises["image"])


def test_all_of_a_transformers_image_is_read_at_each_word(
    record_set, batch
) -> None:
    grid = record_set.manifest.grid
    captioner = transformer.Transformer(
        vocabulary_size=len(record_set.vocabulary),
        locations=grid.locations,
        depth=grid.depth,
        log_unigram=record_set.vocabulary.log_unigram(),
        units=2 * grid.locations,
        heads=grid.locations,
        inner_units=8,
        max_length=8,
    )
    swaps = measure(captioner, batch)
    assert swaps.attends and "no-query" in swaps.rules
    np.testing.assert_allclose(swaps.rises["memory"], swaps.rises["image"])


def test_rules_change_what_counts(captioner, batch) -> None:
    kept = [weight.numpy() for weight in captioner.weights]
    swaps = measure(captioner, batch)
    assert set(swaps.rules) == {
        *("padding", "end", "unshifted", "no-context", "no-state", "blank"),
        *("no-query", "grid / 100", "grid / 255", "grid / 1000"),
    }
    np.testing.assert_allclose(swaps.rules["blank"], swaps.rises["blank"])
    for rule, rises in swaps.rules.items():
        assert np.abs(rises).max() > 1e-4, rule
    for weight, value in zip(captioner.weights, kept, strict=True):
        np.testing.assert_array_equal(weight, value)
