"""The range test: where it stops, and what it suggests."""

import json
import math

import pytest
import tensorflow as tf

from trainer.loop import loop
from trainer.training import optimizer, rate_sweep


def trial(losses: list[float]) -> rate_sweep.Trial:
    """A trial of rates 1, 2, 4 and so on."""
    made = rate_sweep.Trial(lambda: 1.0)
    for number, loss in enumerate(losses):
        made.take(2.0**number, loss)
    return made


def run(losses: list[float]) -> str:
    """Why a range test with these losses ended."""
    coming = iter(losses)
    return loop.run(
        lambda _: loop.Updates({}, (next(coming),)),
        first_step=0,
        until=len(losses),
        steps_per_call=1,
        actions=[rate_sweep.Trial(lambda: 1.0)],
    )


def test_the_rate_rises_by_equal_factors_from_low_to_high():
    rise = rate_sweep.Sweep(low=1e-4, high=1.0, num_steps=5)
    rates = [float(rise.rate(tf.constant(step))) for step in range(5)]
    assert rates == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1.0], rel=1e-5)


def test_the_optimizer_follows_the_rise_and_nothing_else_is_new():
    rise = rate_sweep.Sweep(low=0.1, high=10.0, num_steps=3)
    own = optimizer.AdamW(weight_decay=0.5, warmup_steps=7)
    swept = rate_sweep.SweptAdamW(weight_decay=0.5, warmup_steps=7, sweep=rise)
    assert (swept.weight_decay, swept.clip_norm) == (0.5, own.clip_norm)
    weight = tf.Variable([1.0])
    built = swept.build([weight])
    rates = []
    for _ in range(3):
        rates.append(float(built.learning_rate))
        built.apply([tf.constant([1.0])], [weight])
    assert rates == pytest.approx([0.1, 1.0, 10.0], rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"low": 1.0, "high": 0.1},
            "`low` must be positive and below `high`, got 1.0 and 0.1",
        ),
        (
            {"low": 0.0},
            "`low` must be positive and below `high`, got 0.0 and 10.0",
        ),
        ({"num_steps": 1}, "`num_steps` must be two or more, got 1"),
    ],
)
def test_a_rise_that_is_none_is_refused(settings, message):
    with pytest.raises(ValueError) as error:
        rate_sweep.Sweep(**settings)
    assert str(error.value) == message


def test_each_update_is_told_with_the_rate_that_it_had():
    rates = iter([0.1, 0.2])
    made = rate_sweep.Trial(lambda: next(rates))
    loop.run(
        lambda _: loop.Updates({}, (5.0,)),
        first_step=0,
        until=2,
        steps_per_call=1,
        actions=[made],
    )
    assert [(row.step, row.rate, row.loss) for row in made.rows] == [
        (1, 0.1, 5.0),
        (2, 0.2, 5.0),
    ]


def test_smoothing_starts_at_the_first_loss_without_bias():
    first, second = trial([4.0, 2.0]).rows
    assert first.smoothed == pytest.approx(4.0)
    # (0.09 * 4 + 0.1 * 2) / 0.19
    assert second.smoothed == pytest.approx(0.56 / 0.19)


def test_goes_on_while_the_loss_is_within_four_times_its_lowest():
    losses = [3.0] * 20 + [11.0] * 20
    assert not trial(losses).has_diverged
    assert run(losses) == "reached step 40"


def test_stops_where_the_smoothed_loss_is_four_times_its_lowest():
    losses = [3.0] * 20 + [200.0]
    assert trial(losses).has_diverged
    assert run([*losses, 3.0]) == "the loss diverged at step 21"


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_stops_where_the_loss_is_no_number(broken):
    made = trial([3.0, 2.0, broken])
    assert made.has_diverged
    last = json.loads(made.dump().splitlines()[-1])
    assert last == {"step": 3, "rate": 4.0, "loss": None, "smoothed": None}


def test_suggests_a_tenth_of_the_rate_at_the_lowest():
    made = trial([4.0, 3.0, 2.0, 90.0])
    assert made.lowest.step == 3
    assert made.suggested == pytest.approx(0.4)
    assert made.verdict().startswith(
        "suggested: AdamW.learning_rate = 0.4, a tenth of the rate at the "
        "lowest smoothed loss (2.93"
    )
    assert made.verdict().endswith("at 4); the loss diverged at 8")


def test_doubts_are_told():
    falling = trial([4.0, 3.0, 2.0]).verdict()
    assert falling.endswith(
        "did not diverge up to 4; it still fell at the end: raise "
        "range_test.high"
    )
    rising = trial([2.0, 3.0, 4.0]).verdict()
    assert rising.endswith("; it never fell: lower range_test.low")
    assert "\n" not in falling + rising


def test_advice_is_for_the_setting_that_scaling_multiplies():
    made = rate_sweep.Trial(lambda: 1.0, growth=2.0)
    for number, loss in enumerate([3.0, 2.0, 1.0, 100.0]):
        made.take(2.0**number, loss)
    assert made.suggested == pytest.approx(0.1 * 4.0 / 2.0)
    assert made.verdict().startswith(
        "suggested: AdamW.learning_rate = 0.2 (0.4 with this batch, by "
        "AdamW.scaling), a tenth of the rate at the lowest smoothed loss ("
    )
