"""What event files hold, and what happens when the disk is full."""

import pathlib
import resource

import numpy as np
import pytest
import tensorflow as tf

from trainer.run import event_files


def shown(folder: pathlib.Path) -> dict[str, tuple[int, np.ndarray]]:
    """Tag -> the last step and value, of the only event file."""
    (file,) = (folder / "tensorboard").iterdir()
    return {
        value.tag: (event.step, tf.make_ndarray(value.tensor))
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    }


def test_scalars_and_distributions(tmp_path):
    board = event_files.Board(str(tmp_path))
    board.scalars(20, {"validation/cider_d": 0.5})
    board.histograms(30, {"weights/gate": tf.range(90, dtype=tf.float32)})
    found = shown(tmp_path)
    assert found["validation/cider_d"] == (20, 0.5)
    step, buckets = found["weights/gate"]
    assert step == 30
    # Left edge, right edge, count.
    assert buckets.shape == (30, 3)
    assert (buckets[0, 0], buckets[-1, 1]) == (0, 89)
    assert buckets[:, 2].sum() == 90


def test_pictures_have_their_text(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)
    board = event_files.Board(str(tmp_path))
    board.pictures(20, [("captions/1", pixels, "**a dog**")])
    (file,) = (tmp_path / "tensorboard").iterdir()
    values = [
        (value.metadata.plugin_data.plugin_name, tf.make_ndarray(value.tensor))
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    ]
    by_plugin = dict(values)
    width, height, png = by_plugin["images"]
    assert (width, height) == (b"12", b"8")
    np.testing.assert_array_equal(tf.io.decode_png(png), pixels)
    assert by_plugin["text"] == b"**a dog**"


def test_a_board_that_found_no_room_shows_what_comes_later(tmp_path):
    board = event_files.Board(str(tmp_path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises((OSError, tf.errors.OpError)):
            board.scalars(20, {"train/loss": 1.0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    for file in (tmp_path / "tensorboard").iterdir():
        file.unlink()
    board.scalars(40, {"train/loss": 2.0})
    assert shown(tmp_path) == {"train/loss": (40, 2.0)}
