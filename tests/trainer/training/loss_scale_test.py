"""The loss scale: when it grows, when it halves, and its limits."""

import pytest
import tensorflow as tf

from trainer.training import loss_scale


def factors(scale: loss_scale.LossScale, finite: list[bool]) -> list[float]:
    """The factor after each update."""
    seen = []
    for value in finite:
        scale.update(tf.constant(value))
        seen.append(float(scale.factor))
    return seen


def test_it_doubles_after_finite_updates_in_a_row():
    settings = loss_scale.DynamicScale(initial=8, growth_steps=2)
    scale = loss_scale.LossScale(settings)
    assert factors(scale, [True] * 5) == [8, 16, 16, 32, 32]


def test_it_halves_at_once_and_counts_anew():
    settings = loss_scale.DynamicScale(initial=8, growth_steps=2)
    scale = loss_scale.LossScale(settings)
    finite = [True, False, True, True]
    assert factors(scale, finite) == [8, 4, 4, 8]


def test_it_is_not_halved_below_the_smallest():
    settings = loss_scale.DynamicScale(initial=4, smallest=2)
    scale = loss_scale.LossScale(settings)
    assert factors(scale, [False] * 3) == [2, 2, 2]


def test_without_settings_it_is_one_for_ever():
    scale = loss_scale.LossScale(None)
    assert factors(scale, [True] * 3 + [False]) == [1, 1, 1, 1]


def test_both_numbers_are_saved():
    scale = loss_scale.LossScale(loss_scale.DynamicScale())
    assert {v.name for v in scale.variables} == {"factor:0", "finite_steps:0"}


@pytest.mark.parametrize("name", ["initial", "growth_steps", "smallest"])
def test_refuses_what_is_below_one(name):
    with pytest.raises(ValueError) as error:
        loss_scale.DynamicScale(**{name: 0.5})
    assert str(error.value) == f"`{name}` must be one or more, got 0.5"
