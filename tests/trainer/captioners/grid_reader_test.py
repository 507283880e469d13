"""Grids that are projected once for all hypotheses."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import shaken
from trainer.captioners import (
    adaptive_attention,
    grid_reader,
    show_attend_tell,
    up_down,
)

READERS = (
    adaptive_attention.AdaptiveAttention,
    show_attend_tell.ShowAttendTell,
    up_down.UpDown,
)


@pytest.mark.parametrize("make", READERS)
def test_a_place_is_projected_by_itself_and_knows_where_it_is(make) -> None:
    model = shaken.captioner(make, units=6, attention_units=4)
    grid, _ = shaken.grids()
    values = projected(model.remember(grid)).values
    turned = projected(model.remember(tf.reverse(grid, [1]))).values
    places = model.place(tf.range(shaken.LOCATIONS))
    np.testing.assert_allclose(
        tf.reverse(turned - places, [1]), values - places, atol=1e-5
    )
    assert np.abs(places[0] - places[1]).max() > 1e-2


def projected(
    memory: grid_reader.Memory | grid_reader.Overview,
) -> grid_reader.Memory:
    return getattr(memory, "grid", memory)
