"""Folds: each image is held out once, and the rest is trained on."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset.manifest import RecordSetError
from tests.support import fixtures
from trainer.data import batches, folds, split_images
from trainer.data.batching import Batching

BATCHING = Batching(
    batch_images=8,
    captions_per_image=3,
    max_length=7,
    num_streams=4,
    shuffle_window=3,
)


def read(record_set: record_set_lib.RecordSet, split: str) -> list[str]:
    return split_images.ids(record_set, split)


@pytest.mark.parametrize("count", [2, 3])
def test_each_image_is_held_out_once_and_trained_on_else(record_set, count):
    every = read(record_set, "train")
    held_out = []
    for fold in folds.every(count):
        view = fold.of(record_set, "validation")
        own = read(view, "validation")
        assert read(view, "train") == [i for i in every if i not in own]
        assert view.num_images("validation") == len(own) > 0
        assert view.num_images("train") == len(every) - len(own)
        held_out += own
    assert sorted(held_out) == sorted(every)


def test_other_splits_and_what_the_set_is_stay(record_set):
    view = folds.Fold(1, 2).of(record_set, "dev")
    assert read(view, "validation") == read(record_set, "validation")
    assert view.manifest is record_set.manifest
    assert view.vocabulary is record_set.vocabulary


def test_a_fold_is_not_held_out_under_the_name_of_what_is_trained(record_set):
    with pytest.raises(ValueError) as error:
        folds.Fold(1, 2).of(record_set, "train")
    assert str(error.value) == (
        "`Cadence.validation_split` must be another split's name than 'train', "
        "under which fold-1-of-2 is held out"
    )


def test_more_images_move_no_other(record_set, tmp_path: Path):
    larger = fixtures.write_uneven_record_set(
        tmp_path, {"train": (9, 20), "validation": (1,)}
    )
    for fold in folds.every(3):
        few = set(read(fold.of(record_set, "validation"), "validation"))
        many = set(read(fold.of(larger, "validation"), "validation"))
        assert few == many & set(read(record_set, "train"))


def test_an_epoch_of_a_view_is_every_image_once_and_is_resumed(record_set):
    view = folds.Fold(2, 3).of(record_set, "validation")
    data = batches.CaptionDataset(view, "train", BATCHING, shuffle=True)
    steps = data.steps_per_epoch
    seen = [name for step in range(steps) for name in data.image_ids(step)]
    assert sorted(seen) == sorted(read(view, "train"))
    whole = data.epochs(first_step=0, replicas=1).skip(steps + 1).take(2)
    resumed = data.epochs(first_step=steps + 1, replicas=1).take(2)
    for first, second in zip(whole, resumed, strict=True):
        for name, value in first.items():
            np.testing.assert_array_equal(value, second[name])


def test_images_of_a_fold_lend_each_other_grids(record_set):
    view = folds.Fold(2, 3).of(record_set, "validation")
    data = batches.CaptionDataset(view, "validation", BATCHING, shuffle=False)
    plain, swapped = (
        np.concatenate(
            [
                batch["grid"][np.any(batch["weights"] > 0, (1, 2))]
                for batch in data.once(replicas=1, swap_images=swap)
            ]
        )
        for swap in (False, True)
    )
    own = {grid.tobytes() for grid in plain}
    assert len(own) == view.num_images("validation")
    assert {grid.tobytes() for grid in swapped} == own


def test_one_fold_is_no_fold():
    with pytest.raises(ValueError) as error:
        folds.every(1)
    assert str(error.value) == "`folds` must be two or more, got 1"


def test_a_fold_without_images_is_refused(tmp_path: Path):
    one = fixtures.write_uneven_record_set(
        tmp_path, {"train": (1,), "validation": (1,)}
    )
    for fold in folds.every(2):
        with pytest.raises(ValueError, match=r" of 1 images in fold-\d-of-2$"):
            fold.of(one, "validation")


def test_a_fold_is_a_split_where_the_records_have_no_other(tmp_path: Path):
    train = fixtures.write_uneven_record_set(tmp_path, {"train": (5, 5)})
    view = folds.Fold(1, 2).of(train, "validation")
    assert view.splits == ("train", "validation")
    with pytest.raises(RecordSetError) as error:
        view.require("test", "`evaluate.split`")
    assert str(error.value) == (
        "`evaluate.split`: no split 'test' in the record set; it has train, "
        "validation"
    )


def row(step: int, loss: float, cider: float) -> dict[str, float]:
    return {
        "step": step,
        "validation/loss": loss,
        "validation/cider_d": cider,
        "validation/mode_share": 0.5,
    }


def test_an_outcome_is_mean_and_deviation_of_a_sample():
    outcome = folds.Outcome("cider_d", [row(20, 3.0, 0.4), row(40, 2.0, 0.6)])
    told = json.loads(outcome.dump())
    assert told["select_by"] == "cider_d"
    assert told["steps"] == [20, 40]
    assert list(told["scores"]) == ["cider_d", "loss", "mode_share"]
    assert told["scores"]["loss"] == {
        "mean": 2.5,
        "standard_deviation": pytest.approx(0.5**0.5),
        "folds": [3.0, 2.0],
    }
    lines = [line.split() for line in outcome.table().splitlines()]
    assert lines == [
        ["fold", "step", "cider_d", "loss"],
        ["1", "20", "0.400", "3.000"],
        ["2", "40", "0.600", "2.000"],
        ["mean", "0.500", "2.500"],
        ["+-", "0.141", "0.707"],
    ]


def test_a_loss_that_selects_is_told_once():
    outcome = folds.Outcome("loss", [row(20, 3.0, 0.4), row(40, 2.0, 0.6)])
    assert outcome.table().splitlines()[0].split() == ["fold", "step", "loss"]
    assert list(json.loads(outcome.dump())["scores"])[0] == "loss"
