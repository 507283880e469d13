"""Saving and going back, and whose directory a run directory is."""

import os
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer import checkpoint, optimizer

IDENTITY = {"seed": 1, "batching": {"batch_images": 8, "seed": 2}}


class Parts:
    """A layer and its optimizer, which updates alike every time."""

    def __init__(self, run_dir: pathlib.Path) -> None:
        keras.utils.set_random_seed(3)
        self.layer = keras.layers.Dense(3)
        self.layer.build([None, 2])
        weights = self.layer.trainable_variables
        self.optimizer = optimizer.AdamW(warmup_steps=2).build(weights)
        self.checkpoints = checkpoint.Checkpoints(
            os.fspath(run_dir), captioner=self.layer, optimizer=self.optimizer
        )

    def update(self, count: int) -> None:
        weights = self.layer.trainable_variables
        for _ in range(count):
            gradients = [tf.sin(tf.cast(v.value, tf.float32)) for v in weights]
            self.optimizer.apply(gradients, weights)

    def values(self) -> list[np.ndarray]:
        everything = [*self.layer.variables, *self.optimizer.variables]
        return [np.array(variable.numpy()) for variable in everything]


def assert_equal(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_restores_weights_and_slots_to_the_bit(tmp_path):
    saved = Parts(tmp_path)
    saved.update(3)
    saved.checkpoints.save(3)
    resumed = Parts(tmp_path)
    assert resumed.checkpoints.restore()
    assert_equal(resumed.values(), saved.values())
    saved.update(2)
    resumed.update(2)
    assert_equal(resumed.values(), saved.values())


def test_nothing_to_restore_is_no_error(tmp_path):
    assert not Parts(tmp_path).checkpoints.restore()


def test_goes_back_to_the_newest_and_to_the_best(tmp_path):
    saved = Parts(tmp_path)
    saved.update(1)
    saved.checkpoints.save_best(1)
    best = saved.values()
    saved.update(1)
    saved.checkpoints.save(2)
    newest = saved.values()
    resumed = Parts(tmp_path)
    resumed.checkpoints.restore()
    assert_equal(resumed.values(), newest)
    resumed.checkpoints.restore_best()
    assert_equal(resumed.values(), best)


def test_best_is_the_newest_until_there_is_a_best(tmp_path):
    saved = Parts(tmp_path)
    saved.update(2)
    saved.checkpoints.save(2)
    resumed = Parts(tmp_path)
    resumed.checkpoints.restore_best()
    assert_equal(resumed.values(), saved.values())


def test_best_of_the_captioner_alone(tmp_path):
    saved = Parts(tmp_path)
    saved.update(2)
    saved.checkpoints.save_best(2)
    keras.utils.set_random_seed(9)
    layer = keras.layers.Dense(3)
    layer.build([None, 2])
    checkpoint.Checkpoints(os.fspath(tmp_path), captioner=layer).restore_best()
    assert_equal(
        [v.numpy() for v in layer.variables],
        [v.numpy() for v in saved.layer.variables],
    )


def test_no_checkpoint_at_all_says_what_to_do(tmp_path):
    with pytest.raises(checkpoint.RunError) as error:
        Parts(tmp_path).checkpoints.restore_best()
    assert str(error.value) == (
        f"no checkpoint in {tmp_path}: train first (--mode=train)"
    )


def test_keeps_the_newest_two_and_one_best(tmp_path):
    saved = Parts(tmp_path)
    for step in (10, 20, 30):
        saved.checkpoints.save(step)
        saved.checkpoints.save_best(step)
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    kept = {name.split(".")[0] for name in names} - {"checkpoint"}
    assert kept == {"ckpt-20", "ckpt-30"}
    assert len(list((tmp_path / "best").glob("*.index"))) == 1


def test_step_saved_twice_is_kept_once(tmp_path):
    saved = Parts(tmp_path)
    saved.checkpoints.save(5)
    saved.update(1)
    saved.checkpoints.save(5)
    resumed = Parts(tmp_path)
    resumed.checkpoints.restore()
    assert_equal(resumed.values(), saved.values())


def test_directory_is_claimed_once_and_again_for_the_same_run(tmp_path):
    run_dir = os.fspath(tmp_path / "new" / "run")
    checkpoint.claim(run_dir, IDENTITY)
    checkpoint.claim(run_dir, IDENTITY)
    assert checkpoint.read_identity(run_dir) == IDENTITY


def test_tuples_are_what_json_makes_of_them(tmp_path):
    run_dir = os.fspath(tmp_path)
    checkpoint.claim(run_dir, {"names": ("GPU:0",)})
    checkpoint.claim(run_dir, {"names": ("GPU:0",)})
    assert checkpoint.read_identity(run_dir) == {"names": ["GPU:0"]}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({**IDENTITY, "seed": 4}, "seed: 1 there, 4 here"),
        (
            {**IDENTITY, "batching": {"batch_images": 4, "seed": 2}},
            "batching.batch_images: 8 there, 4 here",
        ),
        (
            {"seed": 3, "batching": {"batch_images": 8, "seed": 5}},
            "batching.seed: 2 there, 5 here; seed: 1 there, 3 here",
        ),
        ({**IDENTITY, "units": 7}, "units: None there, 7 here"),
    ],
)
def test_another_run_is_refused_by_field(tmp_path, other, message):
    run_dir = os.fspath(tmp_path)
    checkpoint.claim(run_dir, IDENTITY)
    with pytest.raises(checkpoint.RunError) as error:
        checkpoint.claim(run_dir, other)
    assert str(error.value) == (
        f"{run_dir} belongs to another run ({message}): choose another "
        "--run_dir, or change the configuration back"
    )
    assert checkpoint.read_identity(run_dir) == IDENTITY


def test_directory_without_a_run_is_told(tmp_path):
    with pytest.raises(checkpoint.RunError) as error:
        checkpoint.read_identity(os.fspath(tmp_path))
    assert str(error.value) == (
        f"no trained captioner in {os.fspath(tmp_path)!r}: identity.json is "
        "missing"
    )


def test_text_is_replaced_whole(tmp_path):
    path = os.fspath(tmp_path / "file.txt")
    checkpoint.write_text(path, "long old text")
    checkpoint.write_text(path, "new")
    assert pathlib.Path(path).read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]
