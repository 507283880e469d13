"""Saving and restoring a run, and the run that a checkpoint belongs to."""

import contextlib
import os
import pathlib
import resource
from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.run import checkpoints, directory
from trainer.training import optimizer


class Parts:
    """A layer and its optimizer, which updates alike every time."""

    def __init__(self, run_dir: pathlib.Path) -> None:
        keras.utils.set_random_seed(3)
        self.layer = keras.layers.Dense(3)
        self.layer.build([None, 2])
        weights = self.layer.trainable_variables
        self.optimizer = optimizer.AdamW(warmup_steps=2).build(weights)
        self.checkpoints = checkpoints.Checkpoints(
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


def test_a_worker_that_does_not_write_can_restore(tmp_path):
    Parts(tmp_path).checkpoints.save(1)
    before = sorted(tmp_path.rglob("*"))
    parts = Parts(tmp_path)
    quiet = checkpoints.Checkpoints(
        os.fspath(tmp_path), writes=False, captioner=parts.layer
    )
    quiet.save(2)
    quiet.save_best(2)
    assert sorted(tmp_path.rglob("*")) == before
    quiet.restore_best()


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
    checkpoints.Checkpoints(os.fspath(tmp_path), captioner=layer).restore_best()
    assert_equal(
        [v.numpy() for v in layer.variables],
        [v.numpy() for v in saved.layer.variables],
    )


def test_no_checkpoint_at_all_says_what_to_do(tmp_path):
    with pytest.raises(directory.RunError) as error:
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
    assert checkpoints.newest_step(str(tmp_path)) == 30
    assert len(list((tmp_path / "best").glob("*.index"))) == 1


def test_a_step_is_written_once(tmp_path):
    saved = Parts(tmp_path)
    saved.checkpoints.save(5)
    (index,) = (tmp_path / "checkpoints").glob("*.index")
    written = index.stat().st_mtime_ns
    saved.checkpoints.save(5, last=True)
    assert index.stat().st_mtime_ns == written


def saved_thrice(folder: pathlib.Path) -> dict[int, list[np.ndarray]]:
    """Step -> values; 1 is the best, 2 and 3 are the newest."""
    saved, values = Parts(folder), {}
    for step in (1, 2, 3):
        saved.update(1)
        values[step] = saved.values()
        (saved.checkpoints.save_best if step == 1 else saved.checkpoints.save)(
            step
        )
    return values


def damage(folder: pathlib.Path, step: int, suffix: str, how: str) -> None:
    (file,) = folder.glob(f"*/ckpt-{step}.{suffix}*")
    data = file.read_bytes()
    middle = len(data) // 2
    if how == "cut":
        file.write_bytes(data[:middle])
    elif how == "flip":
        flipped = bytes([data[middle] ^ 1])
        file.write_bytes(data[:middle] + flipped + data[middle + 1 :])
    else:
        file.unlink()


@pytest.mark.parametrize(
    ("suffix", "how"),
    [
        ("data", "cut"),
        ("data", "flip"),
        ("data", "gone"),
        ("index", "cut"),
        ("index", "flip"),
    ],
)
def test_a_damaged_checkpoint_falls_back_and_says_so(
    tmp_path, caplog, suffix, how
):
    values = saved_thrice(tmp_path)
    damage(tmp_path, 3, suffix, how)
    resumed = Parts(tmp_path)
    assert resumed.checkpoints.restore()
    assert_equal(resumed.values(), values[2])
    (told,) = caplog.messages
    folder = tmp_path / "checkpoints"
    assert told.startswith(f"checkpoint {folder / 'ckpt-3'} is damaged (")
    assert told.endswith(f"): going back to {folder / 'ckpt-2'}")


def test_the_best_is_the_last_resort(tmp_path):
    values = saved_thrice(tmp_path)
    damage(tmp_path, 3, "data", "cut")
    damage(tmp_path, 2, "data", "flip")
    resumed = Parts(tmp_path)
    assert resumed.checkpoints.restore()
    assert_equal(resumed.values(), values[1])


def test_a_damaged_best_is_replaced_by_the_newest(tmp_path):
    values = saved_thrice(tmp_path)
    damage(tmp_path, 1, "data", "cut")
    resumed = Parts(tmp_path)
    resumed.checkpoints.restore_best()
    assert_equal(resumed.values(), values[3])


def test_no_sound_checkpoint_is_an_error_that_names_them(tmp_path):
    saved_thrice(tmp_path)
    for step in (1, 2, 3):
        damage(tmp_path, step, "data", "cut")
    for restore in ("restore", "restore_best"):
        with pytest.raises(directory.RunError) as error:
            getattr(Parts(tmp_path).checkpoints, restore)()
        assert str(error.value).startswith("every checkpoint is damaged: ")
        for step in (1, 2, 3):
            assert f"/ckpt-{step}" in str(error.value)


def test_a_lost_list_of_checkpoints_hides_none(tmp_path):
    values = saved_thrice(tmp_path)
    (tmp_path / "checkpoints" / "checkpoint").unlink()
    resumed = Parts(tmp_path)
    assert resumed.checkpoints.restore()
    assert_equal(resumed.values(), values[3])


def test_what_a_kill_left_half_written_is_swept(tmp_path):
    saved_thrice(tmp_path)
    half = tmp_path / "checkpoints" / "ckpt-4_temp"
    half.mkdir()
    (half / "part-00000-of-00001.index").write_text("")
    reader = Parts(tmp_path)
    reader.checkpoints.restore_best()
    # A reader leaves alone what a trainer may be writing.
    assert half.exists()
    reader.checkpoints.restore()
    assert not half.exists()


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Every write ends in an error; so it must be over before pytest prints."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_loses_no_run(tmp_path, caplog):
    saved = Parts(tmp_path)
    saved.update(1)
    saved.checkpoints.save(1)
    with full_disk():
        saved.update(1)
        saved.checkpoints.save(2)
        saved.checkpoints.save_best(2)
    newest = tmp_path / "checkpoints" / "ckpt-1"
    first, second = caplog.messages
    assert first.startswith(
        f"can't save step 2 in {newest.parent}: {newest.parent}/ckpt-2_temp/"
    )
    assert first.endswith(
        f"; newest checkpoint: {newest}; the run goes on (miss 1 of 3)"
    )
    assert second.endswith("(miss 2 of 3)")
    assert not list(tmp_path.glob("*/*_temp*"))
    saved.checkpoints.save(2)
    resumed = Parts(tmp_path)
    assert resumed.checkpoints.restore()
    assert_equal(resumed.values(), saved.values())


def test_a_disk_that_stays_full_ends_the_run(tmp_path):
    saved = Parts(tmp_path)
    saved.checkpoints.save(1)
    with full_disk():
        with pytest.raises(directory.RunError, match="can't save step 2"):
            saved.checkpoints.save(2, last=True)
        saved.checkpoints.save(3)
        with pytest.raises(directory.RunError, match="can't save step 4"):
            saved.checkpoints.save(4)


def test_another_runs_checkpoint_is_refused_by_name(tmp_path):
    layer = keras.layers.Dense(3)
    layer.build([None, 2])
    other = checkpoints.Checkpoints(
        os.fspath(tmp_path), run="a" * 64, captioner=layer
    )
    other.save_best(7)
    own = checkpoints.Checkpoints(
        os.fspath(tmp_path), run="b" * 64, captioner=layer
    )
    for restore in (own.restore, own.restore_best):
        with pytest.raises(directory.RunError) as error:
            restore()
        assert str(error.value) == (
            f"checkpoint {tmp_path}/best/ckpt-7 belongs to another run (run "
            "aaaaaaaaaaaa there, bbbbbbbbbbbb in identity.json): bring back "
            "the run's own"
        )
    other.restore_best()


def test_a_checkpoint_without_the_captioner_is_refused(tmp_path):
    step = tf.Variable(3, dtype=tf.int64)
    checkpoints.Checkpoints(os.fspath(tmp_path), step=step).save_best(3)
    layer = keras.layers.Dense(3)
    layer.build([None, 2])
    own = checkpoints.Checkpoints(os.fspath(tmp_path), captioner=layer)
    with pytest.raises(directory.RunError) as error:
        own.restore_best()
    assert str(error.value).startswith(
        f"checkpoint {tmp_path}/best/ckpt-3 does not hold this run: "
    )


def test_a_checkpoint_without_a_name_is_an_older_versions(tmp_path):
    layer = keras.layers.Dense(3)
    layer.build([None, 2])
    older = tf.train.Checkpoint(captioner=layer)
    best = os.fspath(tmp_path / "best")
    tf.train.CheckpointManager(older, best, 1).save(checkpoint_number=3)
    checkpoints.Checkpoints(
        os.fspath(tmp_path), run="b" * 64, captioner=layer
    ).restore_best()
