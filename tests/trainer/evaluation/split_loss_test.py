"""The loss of a split is the same on one device and on two replicas."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary
from tests.support import fixtures
from tests.support.uneven_batching import BATCHING, replicas
from trainer.captioners import show_attend_tell
from trainer.data import batches, split_images
from trainer.evaluation import split_loss


@pytest.fixture(scope="module")
def validation(record_set) -> batches.CaptionDataset:
    batching = dataclasses.replace(BATCHING, captions_per_image=5, max_length=7)
    return batches.CaptionDataset(
        record_set, "validation", batching, shuffle=False
    )


@pytest.fixture(scope="module")
def model(record_set) -> show_attend_tell.ShowAttendTell:
    """A captioner whose words depend on the image."""
    made = fixtures.tiny_captioner(record_set.vocabulary)
    draw = np.random.default_rng(5)
    for variable in made.trainable_variables:
        variable.assign_add(draw.normal(scale=0.5, size=variable.shape))
    return made


@pytest.fixture(scope="module")
def loss_by_image(record_set, model) -> np.ndarray:
    """Summed loss of each image's captions [row] with each grid [column]."""
    (batch,) = split_images.batches(record_set, "validation", batch_images=5)
    sums = np.zeros([5, 5])
    for row, captions in enumerate(batch.captions):
        tokens = record_set.vocabulary.encode(tf.constant(captions), 7)
        words = np.tile(tokens.numpy(), [5, 1, 1])
        seen = np.concatenate(
            [np.full_like(words[..., :1], vocabulary.START), words], -1
        )
        logits, _ = model(batch.grid, tf.constant(seen[..., :-1]))
        raw = np.exp(logits.numpy().astype(np.float64))
        chances = np.take_along_axis(
            raw / raw.sum(-1, keepdims=True), words[..., None], -1
        )
        real = words != vocabulary.PAD
        sums[row] = -(np.log(chances[..., 0]) * real).sum((1, 2))
    return sums


@pytest.fixture(scope="module")
def measures(record_set, model) -> dict[int, split_loss.LossOfSplit]:
    """Of the same captioner on one device and on two replicas."""
    made = {}
    for count in (1, 2):
        strategy = replicas(count)
        copy = copied(model, record_set, strategy)
        made[count] = split_loss.LossOfSplit(strategy=strategy, captioner=copy)
    return made


@pytest.mark.parametrize("count", [1, 2])
def test_loss_of_each_image_is_that_of_numpy(
    record_set, validation, measures, loss_by_image, count
):
    losses, tokens = measures[count].per_image(validation)
    np.testing.assert_allclose(
        np.sort(losses), np.sort(np.diag(loss_by_image)), rtol=1e-4
    )
    (batch,) = split_images.batches(record_set, "validation", batch_images=5)
    lengths = [
        sum(len(text.split()) + 1 for text in captions)
        for captions in batch.captions
    ]
    assert sorted(tokens) == sorted(lengths)


def test_loss_of_a_split_is_the_mean_of_its_tokens(
    record_set, validation, measures
):
    losses, tokens = measures[1].per_image(validation)
    assert measures[1].measure(validation) == pytest.approx(
        losses.sum() / tokens.sum(), rel=1e-6
    )


def copied(
    model: show_attend_tell.ShowAttendTell,
    record_set: record_set_lib.RecordSet,
    strategy: tf.distribute.Strategy,
) -> show_attend_tell.ShowAttendTell:
    """The same captioner, with its weights on every replica."""
    with strategy.scope():
        copy = fixtures.tiny_captioner(record_set.vocabulary)
    for new, old in zip(copy.variables, model.variables, strict=True):
        new.assign(old.numpy())
    return copy


def test_swapped_images_are_those_of_other_images(
    validation, measures, loss_by_image
):
    losses, tokens = measures[1].per_image(validation)
    swapped, same_tokens = measures[1].per_image(validation, swap_images=True)
    np.testing.assert_array_equal(tokens, same_tokens)
    for own, other in zip(losses, swapped, strict=True):
        row = int(np.argmin(np.abs(np.diag(loss_by_image) - own)))
        lender = int(np.argmin(np.abs(loss_by_image[row] - other)))
        assert lender != row
        assert other == pytest.approx(loss_by_image[row, lender], rel=1e-4)
