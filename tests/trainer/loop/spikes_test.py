"""A loss far above the ones before is a spike; a noisy or rising one is not."""

import numpy as np
import tensorflow as tf

from trainer.loop import loop, spikes


def noise(count: int, *, level: float = 3.0, seed: int = 0) -> list[float]:
    draw = np.random.default_rng(seed)
    return (level + draw.normal(scale=0.1, size=count)).tolist()


def counted(losses: list[float]) -> int:
    found = spikes.Spikes()
    found.take(tuple(losses))
    return int(found.count)


def test_noise_has_no_spikes():
    assert counted(noise(2000)) == 0


def test_each_loss_far_above_the_last_hundred_is_counted():
    losses = noise(400)
    for place in (50, 51, 300):
        losses[place] += 1.5
    assert counted(losses) == 3


def test_falls_and_slow_rises_are_no_spikes():
    falling = np.linspace(9, 2, 500) + noise(500, level=0)
    assert counted(falling.tolist()) == 0
    assert counted(falling[::-1].tolist()) == 0


def test_first_losses_are_not_judged():
    assert counted([9.0, *noise(18), 9.0]) == 0
    assert counted([*noise(20), 9.0]) == 1


def test_rounding_of_a_constant_loss_is_no_spike():
    assert counted([2.0] * 150 + [2.001, 2.5]) == 1


def test_calls_of_any_length_and_a_restart_change_nothing(tmp_path):
    losses = noise(250)
    for place in (60, 130, 249):
        losses[place] += 2.0
    whole, first = spikes.Spikes(), spikes.Spikes()
    whole.take(tuple(losses))
    for begin in range(0, 140, 7):
        first.take(tuple(losses[begin : begin + 7]))
    path = tf.train.Checkpoint(spikes=first).save(str(tmp_path / "one"))
    second = spikes.Spikes()
    tf.train.Checkpoint(spikes=second).restore(path).assert_consumed()
    second.take(tuple(losses[140:]))
    assert int(second.count) == int(whole.count) == 3
    np.testing.assert_array_equal(second.recent, whole.recent)


def test_count_is_added_to_the_scalars():
    losses = (*noise(30), 8.0)
    made = loop.Updates({"loss": 3.0}, losses)
    spikes.Spikes().after(loop.Progress(31, 31, 1.0, made))
    assert made.scalars == {"loss": 3.0, "spikes": 1.0}
