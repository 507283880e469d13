"""The swap gap is the rise of the loss with the neighbour's image."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support import fixtures
from trainer.data import batches
from trainer.data.batching import Batching
from trainer.evaluation import split_loss, swap_gap

BATCHING = Batching(
    batch_images=4, captions_per_image=2, max_length=6, num_streams=2
)


@pytest.fixture(scope="module")
def data(record_set) -> batches.CaptionDataset:
    return batches.CaptionDataset(record_set, "train", BATCHING, shuffle=False)


def captioner(record_set, **settings):
    made = fixtures.tiny_captioner(record_set.vocabulary, **settings)
    draw = np.random.default_rng(0)
    for weight in made.weights:
        weight.assign(draw.normal(0, 0.5, weight.shape))
    return made


def test_it_is_that_of_the_loss_of_the_split(record_set, data) -> None:
    """All images fit into one part, so the neighbours are the split's own."""
    model = captioner(record_set)
    measured = swap_gap.SwapGap(model, data)()
    loss = split_loss.LossOfSplit(
        strategy=tf.distribute.OneDeviceStrategy("CPU:0"), captioner=model
    )
    own, tokens = loss.per_image(data)
    assert len(own) == data.num_images
    batch = data.first_images(64)
    turned = {**batch, "grid": tf.roll(batch["grid"], 1, axis=0)}
    sums, counts = loss.replica_sums(turned).numpy()
    straight, _ = loss.replica_sums(batch).numpy()
    rises = (sums - straight) / counts
    assert measured["swap_gap"] == pytest.approx(rises.mean(), rel=1e-4)
    assert measured["swap_gap_error"] == pytest.approx(
        rises.std(ddof=1) / math.sqrt(len(rises)), rel=1e-4
    )


def test_a_blind_captioner_has_none(record_set, data) -> None:
    model = captioner(record_set, uses_image=False)
    assert swap_gap.SwapGap(model, data)() == {
        "swap_gap": 0.0,
        "swap_gap_error": 0.0,
    }


def test_of_one_image_it_is_no_number(record_set, data) -> None:
    measured = swap_gap.SwapGap(captioner(record_set), data, images=1)()
    assert all(map(math.isnan, measured.values()))
