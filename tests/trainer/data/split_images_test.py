"""Every image of a split is read once, with all of its record."""

import pytest
import tensorflow as tf

from trainer.data import split_images


@pytest.mark.parametrize("size", [1, 4, 5, 13, 20])
def test_batches_hold_each_image_once(record_set, size):
    batches = list(split_images.batches(record_set, "train", batch_images=size))
    names = [name for batch in batches for name in batch.image_ids]
    assert names == [f"train-{number}" for number in range(13)]
    for batch in batches:
        assert batch.grid.shape == (size, 4, 6)
        assert batch.grid.dtype == tf.float16
        assert len(batch.captions) == len(batch.image_ids)
        assert not batch.grid[len(batch.image_ids) :].numpy().any()


def test_batches_hold_all_captions_and_thumbnails(record_set):
    (batch,) = split_images.batches(record_set, "train", batch_images=13)
    assert [len(set(c)) for c in batch.captions] == [
        1 + number % 7 for number in range(13)
    ]
    assert batch.thumbnails[3] == b"thumbnail of train-3"


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (6, 6), (99, 13)])
def test_batches_end_at_the_limit(record_set, limit, count):
    batches = split_images.batches(
        record_set, "train", batch_images=4, limit=limit
    )
    assert sum(len(batch.image_ids) for batch in batches) == count


def test_ids_are_those_of_the_records_in_order(record_set):
    ids = split_images.ids(record_set, "train")
    assert ids == [f"train-{number}" for number in range(13)]


def test_captions_are_those_of_the_first_images(record_set):
    captions = split_images.captions(record_set, "train", limit=4)
    assert [len(set(row)) for row in captions] == [1, 2, 3, 4]
    (batch,) = split_images.batches(record_set, "train", batch_images=13)
    assert captions == batch.captions[:4]


def test_thumbnails_are_found_by_id(record_set):
    asked = {"train-3", "train-11", "nobody"}
    found = split_images.thumbnails(record_set, "train", asked)
    assert found == {
        name: f"thumbnail of {name}".encode()
        for name in ("train-3", "train-11")
    }
