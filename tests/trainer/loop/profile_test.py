"""Which calls are profiled, and that the files are there."""

import pathlib

import pytest
import tensorflow as tf

from trainer.loop import loop, profile


def train(count: int) -> loop.Updates:
    total = tf.reduce_sum(tf.random.stateless_normal([64, 64], [1, count]))
    return loop.Updates({"sum": float(total)})


def profiles(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(folder.glob("plugins/profile/*/*.xplane.pb"))


@pytest.mark.parametrize(
    ("steps", "calls"),
    [((5, 6), [2]), ((4, 8), [2]), ((8, 9), [3]), ((12, 20), [])],
)
def test_the_calls_that_make_these_steps_are_profiled(tmp_path, steps, calls):
    made = profile.Profile(str(tmp_path), steps).over(train, first_step=0)
    seen = []
    for call in (1, 2, 3):
        before = profiles(tmp_path)
        assert made(4).scalars
        seen += [call] if profiles(tmp_path) != before else []
    assert seen == calls


def test_steps_count_from_the_beginning_of_a_resumed_run(tmp_path):
    made = profile.Profile(str(tmp_path), (20, 22)).over(train, first_step=16)
    made(4)
    assert not profiles(tmp_path)
    made(4)
    assert all(file.stat().st_size for file in profiles(tmp_path))
    assert len(profiles(tmp_path)) == 1


def test_without_steps_the_training_is_untouched(tmp_path):
    untouched = profile.Profile(str(tmp_path), None)
    assert untouched.over(train, first_step=0) is train
