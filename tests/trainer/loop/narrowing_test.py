"""Captions that a reward has made alike, or blind."""

import math

import pytest

from trainer.loop.narrowing import Narrowing

BEFORE = Narrowing(mode_share=0.01, swap_gap=1.0)


@pytest.mark.parametrize(
    ("mode_share", "swap_gap", "told"),
    [
        (0.01, 1.0, ""),
        (0.039, 0.71, ""),
        (
            0.05,
            1.2,
            (
                "5.0% of the captions are the same one, and 1.0% were "
                "before the reward"
            ),
        ),
        (
            0.01,
            0.65,
            (
                "another image costs 0.65 nats a token, and cost 1.00 "
                "before the reward"
            ),
        ),
    ],
)
def test_what_has_become_worse_is_told(mode_share, swap_gap, told):
    scalars = {"mode_share": mode_share, "swap_gap": swap_gap}
    assert BEFORE(scalars) == told


def test_what_was_unknown_before_is_not_compared():
    unknown = Narrowing(math.nan, math.nan)
    assert unknown({"mode_share": 1.0, "swap_gap": 0.0}) == ""
