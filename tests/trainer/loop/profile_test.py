"""Which calls are profiled, and that the files are there."""

import pathlib

import pytest
import tensorflow as tf

from trainer.loop import loop, profile


def train(count: int) -> loop.Updates:
    total = tf.reduce_sum(tf.random.stateless_normal([64, 64], [1, count]))
    return loop.Updates({"sum": float(total)})


def run(made: profile.Profile, *, first_step: int, until: int) -> None:
    loop.run(
        train,
        first_step=first_step,
        until=until,
        steps_per_call=4,
        actions=[made],
    )


def profiles(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(folder.glob("plugins/profile/*/*.xplane.pb"))


@pytest.mark.parametrize(
    ("steps", "calls"),
    [((5, 6), [2]), ((4, 8), [2]), ((8, 9), [3]), ((12, 20), [])],
)
def test_the_calls_that_make_these_steps_are_profiled(tmp_path, steps, calls):
    made = profile.Profile(str(tmp_path), steps)
    seen = []
    for call in (1, 2, 3):
        before = profiles(tmp_path)
        run(made, first_step=4 * (call - 1), until=4 * call)
        seen += [call] if profiles(tmp_path) != before else []
    assert seen == calls


def test_steps_count_from_the_beginning_of_a_resumed_run(tmp_path):
    made = profile.Profile(str(tmp_path), (20, 22))
    run(made, first_step=16, until=20)
    assert not profiles(tmp_path)
    run(made, first_step=20, until=24)
    assert all(file.stat().st_size for file in profiles(tmp_path))
    assert len(profiles(tmp_path)) == 1
