"""Batches: every image once, in an order that replicas and resuming keep."""

import dataclasses
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import manifest, records
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from tests.support import fixtures
from trainer.data import batches as batches_lib
from trainer.data import folds, split_images
from trainer.data.batching import Batching, Share

# 13 images of 4 streams: a part of 2 images is full, half full or empty.
BATCHING = Batching(
    batch_images=8,
    captions_per_image=3,
    max_length=7,
    num_streams=4,
    shuffle_window=3,
    seed=5,
)
STEPS = 2


@pytest.fixture(scope="module")
def images(record_set) -> dict[bytes, split_images.ImageBatch]:
    """Grid -> the image whose it is, as a batch of one."""
    return {
        one.grid.numpy().tobytes(): one
        for split in ("train", "validation")
        for one in split_images.batches(record_set, split, batch_images=1)
    }


@pytest.fixture(scope="module")
def train(record_set) -> batches_lib.CaptionDataset:
    return batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )


@pytest.fixture(scope="module")
def uninterrupted(train) -> list[dict[str, np.ndarray]]:
    """The first six epochs of a run on one device."""
    return global_batches(train, 6 * STEPS)


def global_batches(
    data: batches_lib.CaptionDataset,
    count: int,
    *,
    first_step: int = 0,
    replicas: int = 1,
    workers: int = 1,
) -> list[dict[str, np.ndarray]]:
    """The replicas' batches side by side, worker by worker."""
    drawn = []
    for worker in range(workers):
        parts = data.epochs(
            first_step=first_step,
            replicas=replicas,
            share=Share(worker, workers),
        ).batch(replicas // workers)
        drawn.append(list(parts.take(count).as_numpy_iterator()))
    return [
        {
            name: np.concatenate([part for own in row for part in own[name]])
            for name in row[0]
        }
        for row in zip(*drawn, strict=True)
    ]


def assert_same(first, second) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            np.testing.assert_array_equal(value, other[name])


def image_ids(batches, images) -> list[str]:
    """Of the rows that have weight, in order."""
    return [
        images[grid.tobytes()].image_ids[0]
        for batch in batches
        for grid, weights in zip(batch["grid"], batch["weights"], strict=True)
        if weights.any()
    ]


def said(batches, images, vocabulary) -> dict[str, list[str]]:
    """Image -> the captions that have weight."""
    return {
        images[grid.tobytes()].image_ids[0]: [
            vocabulary.decode(row)
            for row, weight in zip(tokens, weights, strict=True)
            if weight.any()
        ]
        for batch in batches
        for grid, tokens, weights in zip(
            batch["grid"], batch["tokens"], batch["weights"], strict=True
        )
        if weights.any()
    }


def test_every_image_occurs_once_in_each_epoch(train, uninterrupted, images):
    assert train.steps_per_epoch == STEPS
    expected = Counter(f"train-{number}" for number in range(13))
    for epoch in range(6):
        part = uninterrupted[epoch * STEPS : (epoch + 1) * STEPS]
        assert Counter(image_ids(part, images)) == expected


def test_epochs_differ_in_order(uninterrupted, images):
    orders = {
        tuple(image_ids(uninterrupted[i : i + STEPS], images))
        for i in range(0, 6 * STEPS, STEPS)
    }
    assert len(orders) == 6


@pytest.mark.parametrize("global_seed", [0, 8])
def test_order_is_the_same_under_any_global_seed(
    train, uninterrupted, global_seed
):
    keras.utils.set_random_seed(global_seed)
    assert_same(global_batches(train, 4), uninterrupted[:4])


def test_a_step_names_its_images(train, uninterrupted, images):
    for step, batch in enumerate(uninterrupted):
        assert train.image_ids(step) == image_ids([batch], images)


def test_another_seed_gives_another_order(record_set, uninterrupted, images):
    other = batches_lib.CaptionDataset(
        record_set,
        "train",
        dataclasses.replace(BATCHING, seed=6),
        shuffle=True,
    )
    orders = [
        image_ids(batches, images)
        for batches in (uninterrupted[:STEPS], global_batches(other, STEPS))
    ]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


@pytest.mark.parametrize(
    ("replicas", "workers"), [(2, 1), (4, 1), (2, 2), (4, 2), (4, 4)]
)
def test_replicas_share_the_same_global_batches(
    train, uninterrupted, replicas, workers
):
    parts = global_batches(train, 5, replicas=replicas, workers=workers)
    assert_same(parts, uninterrupted[:5])
    assert parts[0]["streams"].tolist() == [0, 1, 2, 3]


def test_a_worker_reads_its_own_streams_alone(tmp_path):
    record_set = fixtures.write_uneven_record_set(tmp_path)
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )
    first, *others = (
        data.epochs(first_step=0, replicas=4, share=Share(worker, 4))
        for worker in range(4)
    )
    (tmp_path / "train-00002-of-00004.tfrecord").unlink()
    assert len(list(first.take(2 * STEPS))) == 2 * STEPS
    for other in others:
        with pytest.raises(tf.errors.NotFoundError):
            list(other.take(2 * STEPS))


@pytest.mark.parametrize(
    ("first_step", "replicas"), [(1, 1), (2, 2), (3, 1), (7, 2)]
)
def test_resumed_batches_are_those_of_an_uninterrupted_run(
    train, uninterrupted, first_step, replicas
):
    resumed = global_batches(train, 4, first_step=first_step, replicas=replicas)
    assert_same(resumed, uninterrupted[first_step : first_step + 4])


def test_strategies_take_the_same_global_batches(train, uninterrupted):
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    batches = train.distribute(mirrored, first_step=0)
    for expected in uninterrupted[:3]:
        batch = next(batches)
        for name, value in expected.items():
            parts = mirrored.experimental_local_results(batch[name])
            np.testing.assert_array_equal(
                np.concatenate([part.numpy() for part in parts]), value
            )


def test_captions_are_drawn_without_replacement(
    record_set, uninterrupted, images
):
    drawn: dict[str, set[tuple[str, ...]]] = {}
    for first in range(0, 6 * STEPS, STEPS):
        epoch = uninterrupted[first : first + STEPS]
        for name, captions in said(
            epoch, images, record_set.vocabulary
        ).items():
            number = int(name.removeprefix("train-"))
            assert len(captions) == min(1 + number % 7, 3)
            assert len(set(captions)) == len(captions)
            drawn.setdefault(name, set()).add(tuple(captions))
    for image in images.values():
        (name,), (captions,) = image.image_ids, image.captions
        if name.startswith("train"):
            used = {text for texts in drawn[name] for text in texts}
            assert used <= set(captions)
    # Seven captions, of which three at a time: other ones in other epochs.
    assert len(drawn["train-6"]) > 1


def test_missing_captions_have_no_weight(uninterrupted, images):
    for batch in uninterrupted[:STEPS]:
        for grid, tokens, weights in zip(
            batch["grid"], batch["tokens"], batch["weights"], strict=True
        ):
            held = images.get(grid.tobytes())
            real = min(len(held.captions[0]), 3) if held else 0
            assert (
                weights.any(-1) == [True] * real + [False] * (3 - real)
            ).all()
            ends = (tokens == vocabulary_lib.END) & (weights > 0)
            assert (ends.sum(-1)[:real] == 1).all()
            np.testing.assert_array_equal(weights, tokens != vocabulary_lib.PAD)


def test_rows_that_fill_a_batch_are_empty(uninterrupted):
    batches = uninterrupted[:STEPS]
    real = [int(batch["weights"].any((1, 2)).sum()) for batch in batches]
    assert real == [8, 5]
    filling = ~batches[1]["weights"].any((1, 2))
    assert not batches[1]["grid"][filling].any()
    assert not batches[1]["tokens"][filling].any()


def test_shapes_are_static_and_dtypes_stated(train):
    spec = train.epochs(first_step=0, replicas=2).element_spec
    assert spec == {
        "grid": tf.TensorSpec([4, 4, 6], tf.float16),
        "tokens": tf.TensorSpec([4, 3, 7], tf.int32),
        "weights": tf.TensorSpec([4, 3, 7], tf.float32),
        "streams": tf.TensorSpec([2], tf.int64),
    }


def test_streams_tell_whose_rows_they_are(train):
    parts = train.epochs(first_step=0, replicas=2).take(2)
    streams = [part["streams"].numpy().tolist() for part in parts]
    assert streams == [[0, 1], [2, 3]]


def test_long_captions_are_cut_and_have_no_end(record_set):
    batching = Batching(
        batch_images=1, captions_per_image=7, max_length=3, num_streams=1
    )
    data = batches_lib.CaptionDataset(
        record_set, "train", batching, shuffle=False
    )
    vocabulary = record_set.vocabulary
    batches = data.once(replicas=1).as_numpy_iterator()
    for batch, image in zip(
        batches,
        split_images.batches(record_set, "train", batch_images=1),
        strict=True,
    ):
        for row, text in zip(
            batch["tokens"][0], image.captions[0], strict=False
        ):
            words = text.split()
            assert vocabulary.decode(row) == " ".join(words[:3])
            assert (vocabulary_lib.END in row) == (len(words) < 3)


@pytest.fixture(scope="module")
def validation(record_set) -> batches_lib.CaptionDataset:
    return batches_lib.CaptionDataset(
        record_set, "validation", BATCHING, shuffle=False
    )


def test_once_takes_each_image_in_a_fixed_order(validation, images):
    passes = [
        image_ids(data.as_numpy_iterator(), images)
        for data in (
            validation.once(replicas=1),
            validation.once(replicas=1),
            validation.once(replicas=2),
        )
    ]
    assert passes[0] == passes[1] == passes[2]
    assert sorted(passes[0]) == [f"validation-{n}" for n in range(5)]


@pytest.mark.parametrize("replicas", [1, 2])
def test_swapped_images_are_the_next_of_the_split(validation, images, replicas):
    def rows(*, swap_images: bool):
        data = validation.once(replicas=replicas, swap_images=swap_images)
        return [
            (grid.tobytes(), tokens)
            for batch in data.as_numpy_iterator()
            for grid, tokens, weights in zip(
                batch["grid"], batch["tokens"], batch["weights"], strict=True
            )
            if weights.any()
        ]

    own, swapped = rows(swap_images=False), rows(swap_images=True)
    assert len(own) == len(swapped) == 5
    for (grid, tokens), (lent, same) in zip(own, swapped, strict=True):
        (name,) = images[grid].image_ids
        (other,) = images[lent].image_ids
        number = int(name.removeprefix("validation-"))
        assert other == f"validation-{(number + 1) % 5}"
        np.testing.assert_array_equal(tokens, same)


def test_more_streams_than_images_is_no_error(tmp_path):
    record_set = fixtures.write_uneven_record_set(tmp_path, {"train": (0, 2)})
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )
    assert data.steps_per_epoch == 1
    for batch in global_batches(data, 3, replicas=4):
        assert batch["weights"].any((1, 2)).sum() == 2


@pytest.mark.parametrize("replicas", [3, 8])
def test_replicas_that_do_not_divide_the_streams(train, replicas):
    message = (
        f"{replicas} replicas can't share 4 streams evenly: use one of "
        "[1, 2, 4] replicas in all, or another `num_streams`"
    )
    with pytest.raises(ValueError) as error:
        train.epochs(first_step=0, replicas=replicas)
    assert str(error.value) == message
    with pytest.raises(ValueError, match=f"{replicas} replicas of 3 workers"):
        train.epochs(first_step=0, replicas=replicas, share=Share(0, 3))
    with pytest.raises(ValueError) as error:
        train.once(replicas=replicas)
    assert str(error.value) == message


def test_unknown_split_names_those_there_are(record_set):
    with pytest.raises(manifest.RecordSetError) as error:
        batches_lib.CaptionDataset(record_set, "test", BATCHING, shuffle=False)
    assert str(error.value) == (
        "no split 'test' in the record set; it has train, validation"
    )


def test_grids_of_bfloat16(tmp_path: Path):
    grid = fixtures.records.GridSpec(locations=2, depth=3, dtype="bfloat16")
    record_set = fixtures.write_record_set(tmp_path, grid=grid)
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )
    (batch,) = data.epochs(first_step=0, replicas=1).take(1)
    assert batch["grid"].dtype == tf.bfloat16
    (first, *_) = split_images.batches(record_set, "train", batch_images=5)
    assert first.grid.dtype == tf.bfloat16


VIEWS = ("flip", "top-left", "top-right")


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> record_set_lib.RecordSet:
    """As `record_set`, but that train images have none to three views."""
    folder = tmp_path_factory.mktemp("views")
    return fixtures.write_uneven_record_set(folder, views=VIEWS)


@pytest.fixture(scope="module")
def seeing(seen) -> batches_lib.CaptionDataset:
    return batches_lib.CaptionDataset(seen, "train", BATCHING, shuffle=True)


@pytest.fixture(scope="module")
def stored(seen) -> dict[bytes, tuple[str, int]]:
    """Grid -> its image and the number of its view, from zero for the image."""
    records_of_train = (
        records.CaptionedImage.from_bytes(data)
        for part in seen.parts("train")
        for data in tf.data.TFRecordDataset(part.path).as_numpy_iterator()
    )
    return {
        grid: (image.image_id, number)
        for image in records_of_train
        for number, grid in enumerate((image.grid, *image.views.values()))
    }


@pytest.fixture(scope="module")
def views_of_epochs(seeing) -> list[dict[str, np.ndarray]]:
    """The first 32 epochs of a run on one device."""
    return global_batches(seeing, 32 * STEPS)


def drawn_views(batches, stored) -> dict[str, int]:
    """Image -> number of the view that an epoch's batches have of it."""
    return dict(
        stored[grid.tobytes()]
        for batch in batches
        for grid, weights in zip(batch["grid"], batch["weights"], strict=True)
        if weights.any()
    )


def test_each_image_has_one_of_its_views_in_each_epoch(views_of_epochs, stored):
    epochs = [
        drawn_views(views_of_epochs[first : first + STEPS], stored)
        for first in range(0, len(views_of_epochs), STEPS)
    ]
    for number in range(13):
        views = Counter(epoch[f"train-{number}"] for epoch in epochs)
        having = 1 + number % (len(VIEWS) + 1)
        assert sorted(views) == list(range(having))
        # Three standard deviations of a fair draw.
        fair = len(epochs) / having
        assert all(abs(n - fair) <= 3 * fair**0.5 for n in views.values())
    # In one epoch, other images have other views.
    assert len(set(epochs[0].values())) > 1


def test_replicas_draw_the_same_views(seeing, views_of_epochs):
    parts = global_batches(seeing, 5, replicas=4, workers=2)
    assert_same(parts, views_of_epochs[:5])


def test_resumed_batches_draw_the_same_views(seeing, views_of_epochs):
    resumed = global_batches(seeing, 4, first_step=3, replicas=2)
    assert_same(resumed, views_of_epochs[3:7])


def test_views_change_neither_order_nor_captions(
    views_of_epochs, uninterrupted
):
    for seen, plain in zip(views_of_epochs, uninterrupted, strict=False):
        assert (seen["grid"] != plain["grid"]).any()
        for name in ("tokens", "weights", "streams"):
            np.testing.assert_array_equal(seen[name], plain[name])


def test_plain_only_trains_as_without_views(seen, uninterrupted):
    batching = dataclasses.replace(BATCHING, plain_only=True)
    data = batches_lib.CaptionDataset(seen, "train", batching, shuffle=True)
    assert_same(global_batches(data, 6), uninterrupted[:6])


def test_evaluation_sees_images_as_they_are(seen, record_set):
    def once(which):
        data = batches_lib.CaptionDataset(
            which, "train", BATCHING, shuffle=False
        )
        passed = data.once(replicas=1, swap_images=True)
        return list(passed.as_numpy_iterator())

    assert_same(once(seen), once(record_set))


def test_captioning_sees_images_as_they_are(seen, stored):
    for batch in split_images.batches(seen, "train", batch_images=3):
        for name, grid in zip(batch.image_ids, batch.grid, strict=False):
            assert stored[grid.numpy().tobytes()] == (name, 0)


def test_a_held_out_fold_is_seen_as_it_is(seen, stored):
    fold = folds.Fold(1, 2).of(seen, "validation")
    data = batches_lib.CaptionDataset(
        fold, "validation", BATCHING, shuffle=False
    )
    batches = list(data.once(replicas=1).as_numpy_iterator())
    views = drawn_views(batches, stored)
    assert len(views) == fold.num_images("validation")
    assert not any(views.values())
