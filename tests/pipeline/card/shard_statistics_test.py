"""What a shard's side file keeps for the data card."""

import json

import numpy as np
import pytest

from pipeline.card.shard_statistics import ShardFacts, ShardLog
from pipeline.images.perceptual_hash import Look
from pipeline.recordset import manifest

ROW = manifest.Shard("train-0.tfrecord", "train", 2, 3, 99, "ab")
CAPTIONED = [("b", ("a dog", "the dog")), ("a", ("a cat",))]


def _log(*levels: int) -> ShardLog:
    log = ShardLog()
    for level in levels:
        pixels = np.full((32, 32, 3), level, np.uint8)
        pixels[:16] = 7
        log.add(Look.of(pixels), np.full((4, 3), level, np.float32))
    return log


def test_what_was_logged_is_joined_with_the_references() -> None:
    log = json.loads(json.dumps(_log(10, 200).to_json()))
    facts = ShardFacts.join(ROW, [0, 50], log, CAPTIONED)
    assert [(i.image_id, i.offset, i.captions) for i in facts.images] == [
        ("b", 0, ("a dog", "the dog")),
        ("a", 50, ("a cat",)),
    ]
    assert {(image.split, image.file) for image in facts.images} == {
        ("train", "train-0.tfrecord")
    }
    assert facts.images[0].look != facts.images[1].look
    assert facts.sums.images == facts.sums.constant == 2


def test_a_record_too_few_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ShardFacts.join(ROW, [0, 50], _log(10).to_json(), CAPTIONED)
