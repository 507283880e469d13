"""No input pipeline of the trainer starts the autotuner's thread."""

import pytest
import tensorflow as tf

from tests.support import fixtures
from trainer.data import options, split_images
from trainer.data.batches import CaptionDataset
from trainer.data.batching import Batching


@pytest.fixture(scope="module")
def record_set(tmp_path_factory):
    return fixtures.write_uneven_record_set(tmp_path_factory.mktemp("records"))


def test_order_is_fixed_and_nothing_is_tuned():
    steady = options.steady()
    assert steady.deterministic
    assert steady.autotune.enabled is False


def test_batches_are_steady(record_set):
    batching = Batching(batch_images=4, num_streams=2)
    data = CaptionDataset(record_set, "train", batching, shuffle=True)
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
