"""What is minimised, and what is read at each word."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import fixtures
from trainer.captioners import contract, dropout
from trainer.data import batches
from trainer.data.batching import Batching
from trainer.training import grounding, loss, objective


@pytest.fixture(scope="module")
def record_set(tmp_path_factory):
    return fixtures.write_uneven_record_set(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def batch(record_set):
    batching = Batching(8, 3, max_length=5, num_streams=2)
    return batches.CaptionDataset(
        record_set, "train", batching, shuffle=False
    ).first_images(8) | {"streams": tf.range(2, dtype=tf.int64)}


@pytest.fixture(scope="module")
def captioner(record_set):
    made = fixtures.tiny_captioner(record_set.vocabulary)
    draw = np.random.default_rng(5)
    for variable in made.trainable_variables:
        variable.assign_add(draw.normal(scale=0.5, size=variable.shape))
    return made


def total(captioner, batch, **settings: float) -> float:
    masks = dropout.StreamDropout(
        0.0, 1, tf.constant(3, tf.int64), batch["streams"]
    )
    made = objective.TeacherForcing(
        loss.CaptionLoss(), grounding.Grounding(**settings)
    )
    minimised, reported = made(captioner, batch, masks)
    assert float(reported) > 0
    return float(minimised)


def test_by_default_it_is_the_loss_of_the_true_words(captioner, batch):
    logits, attention = captioner(
        batch["grid"], contract.shift_right(batch["tokens"])
    )
    plain, _ = loss.CaptionLoss()(
        logits, attention, batch["tokens"], batch["weights"]
    )
    assert total(captioner, batch) == pytest.approx(float(plain))


@pytest.mark.parametrize(
    "name", ["hidden_captions", "hidden_images", "own_words"]
)
def test_what_is_hidden_changes_the_prediction(captioner, batch, name):
    plain = total(captioner, batch)
    assert abs(total(captioner, batch, **{name: 0.9}) - plain) > 1e-3 * plain


def test_a_contrast_is_added_and_a_divergence_taken_away(captioner, batch):
    plain = total(captioner, batch)
    assert total(captioner, batch, contrast=0.5) > plain * 1.01
    assert total(captioner, batch, divergence=0.5) < plain
