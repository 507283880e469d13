"""Images whose captions are likelier with other images are listed."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.support import toys
from trainer.data.batching import Batching
from trainer.diagnosis import suspicious_pairs

BATCHING = Batching(
    batch_images=8, captions_per_image=2, max_length=8, num_streams=4
)


@pytest.fixture
def captioner(record_set) -> toys.BagOfCells:
    grid = record_set.manifest.grid
    return toys.BagOfCells(
        vocabulary_size=len(record_set.vocabulary),
        locations=grid.locations,
        depth=grid.depth,
        log_unigram=record_set.vocabulary.log_unigram(),
    )


def find(captioner, record_set) -> list[suspicious_pairs.Pair]:
    return suspicious_pairs.find(captioner, record_set, "train", BATCHING)


def test_what_is_listed_is_likelier_with_others(captioner, record_set) -> None:
    draw = np.random.default_rng(0)
    for weight in captioner.weights:
        weight.assign(draw.normal(0, 1, weight.shape))
    pairs = find(captioner, record_set)
    assert 0 < len(pairs) <= record_set.num_images("train")
    assert [pair.gap for pair in pairs] == sorted(pair.gap for pair in pairs)
    assert pairs[0].gap < 0
    assert all(pair.worse > 1 / 7 for pair in pairs)
    rows = suspicious_pairs.dump(pairs).splitlines()
    assert json.loads(rows[0])["image_id"] == pairs[0].image_id
    assert len(rows) == len(pairs)


def test_images_that_do_not_matter_are_not_listed(
    captioner, record_set
) -> None:
    captioner.see.kernel.assign(tf.zeros_like(captioner.see.kernel))
    assert find(captioner, record_set) == []
