"""Samples that score better than the others become likelier."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import vocabulary
from tests.support import fixtures
from trainer.captioners import dropout
from trainer.data import batches
from trainer.data.batching import Batching
from trainer.training import (
    caption_reward,
    loss,
    objective,
    optimizer,
    self_critical,
)

BATCHING = Batching(8, 3, max_length=5, num_streams=2)


@pytest.fixture(scope="module")
def record_set(tmp_path_factory):
    return fixtures.write_uneven_record_set(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def batch(record_set):
    data = batches.CaptionDataset(record_set, "train", BATCHING, shuffle=False)
    streams = tf.range(2, dtype=tf.int64)
    return data.first_images(8) | {"streams": streams}


def policy(record_set, **settings) -> self_critical.PolicyGradient:
    frequencies = caption_reward.DocumentFrequencies.of(record_set, 5)
    return self_critical.PolicyGradient(
        self_critical.SelfCritical(**settings),
        caption_reward.CiderDReward(frequencies),
        objective.TeacherForcing(loss.CaptionLoss()),
    )


def masks(step: int) -> dropout.StreamDropout:
    streams = tf.range(2, dtype=tf.int64)
    return dropout.StreamDropout(0.0, 1, tf.cast(step, tf.int64), streams)


def test_the_reward_rises(record_set, batch):
    goal = policy(record_set, cross_entropy=0.0)
    model = fixtures.tiny_captioner(record_set.vocabulary, dropout_rate=0.0)
    adam = optimizer.AdamW(1e-2, warmup_steps=0).build(
        model.trainable_variables
    )

    def reward() -> float:
        drawn = [goal.draw(model, batch["grid"], 5, masks(n)) for n in range(6)]
        return np.mean([goal.reward(each, batch["tokens"]) for each in drawn])

    @tf.function
    def update(step):  # noqa: ANN001, ANN202
        with tf.GradientTape() as tape:
            total, _ = goal(model, batch, masks(step))
        values = [v.value for v in model.trainable_variables]
        gradients = tape.gradient(total, values, unconnected_gradients="zero")
        gradients = [tf.convert_to_tensor(part) / 100 for part in gradients]
        adam.apply(gradients, model.trainable_variables)

    before = reward()
    for step in range(100, 140):
        update(tf.constant(step, tf.int64))
    assert reward() > 1.5 * before


def test_words_are_drawn_as_often_as_they_are_likely(record_set, batch):
    goal = policy(record_set, samples=500)
    model = fixtures.tiny_captioner(record_set.vocabulary)
    first = goal.draw(model, batch["grid"], 2, masks(1))[:, :, 0].numpy()
    start = tf.fill([8, 1, 1], vocabulary.START)
    logits = model(batch["grid"], start)[0][:, 0, 0].numpy()
    banned = [vocabulary.PAD, vocabulary.UNK, vocabulary.START]
    logits[:, banned] = -np.inf
    likely = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    shares = np.mean(first[..., None] == np.arange(logits.shape[-1]), axis=1)
    np.testing.assert_allclose(shares, likely, atol=0.08)
    assert shares[:, banned].max() == 0


def test_nothing_is_said_after_the_end(record_set, batch):
    goal = policy(record_set, samples=50)
    model = fixtures.tiny_captioner(record_set.vocabulary)
    drawn = goal.draw(model, batch["grid"], 5, masks(2)).numpy()
    ended = np.cumsum(drawn == vocabulary.END, axis=-1)
    after = (ended > 0) & (drawn != vocabulary.END)
    assert after.any() and (drawn[after] == vocabulary.PAD).all()
    assert (drawn[ended == 0] != vocabulary.PAD).all()
    assert (ended.max(-1) <= 1).all()


def test_its_signature_says_what_is_rewarded():
    assert self_critical.SelfCritical(samples=3).signature == (
        "reward: CIDEr-D of token ids against the captions of the batch, END a "
        "word, document frequencies of the train images; 3 samples an image, "
        "each against the mean of the others; cross entropy 0.1"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"samples": 1}, "`samples` must be two or more, got 1"),
        ({"cross_entropy": 1.5}, "`cross_entropy` must lie in [0, 1], got 1.5"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError) as error:
        self_critical.SelfCritical(**settings)
    assert str(error.value) == message
