"""No input pipeline of the trainer starts the autotuner's thread."""

import pytest
import tensorflow as tf

from tests.support.uneven_batching import BATCHING, replicas
from trainer.data import options, split_images
from trainer.data.batches import CaptionDataset


def test_order_is_fixed_and_nothing_is_tuned():
    steady = options.steady()
    assert steady.deterministic
    assert steady.autotune.enabled is False


def test_batches_are_steady(record_set):
    data = CaptionDataset(record_set, "train", BATCHING, shuffle=True)
    for dataset in (
        data.epochs(first_step=0, replicas=1),
        data.once(replicas=1),
    ):
        assert dataset.options().autotune.enabled is False


def test_images_of_a_split_are_steady(record_set, monkeypatch):
    made = []
    plain = tf.data.Dataset.batch

    def noted(self, *given, **named):
        made.append(self.options().autotune.enabled)
        return plain(self, *given, **named)

    monkeypatch.setattr(tf.data.Dataset, "batch", noted)
    next(split_images.batches(record_set, "train", batch_images=2))
    assert made == [False]


@pytest.mark.parametrize("count", [1, 2])
def test_every_iterator_of_the_replicas_is_steady(
    record_set, monkeypatch, count
):
    # A strategy could open more iterators than those of the given datasets.
    opened = []
    plain = tf.data.Dataset.__iter__

    def noted(self):
        opened.append(self.options().autotune.enabled)
        return plain(self)

    data = CaptionDataset(record_set, "train", BATCHING, shuffle=False)
    monkeypatch.setattr(tf.data.Dataset, "__iter__", noted)
    next(data.distribute(replicas(count), first_step=0))
    next(data.distribute_once(replicas(count)))
    assert opened == [False] * 2 * count
