"""When a periodic action is due."""

import pytest

from tests.support.loop_progress import progress
from trainer.loop import every


def fired(when: every.Every, until: int, per_call: int) -> list[int]:
    """Steps at which it fires in a run from the beginning."""
    ends = [*range(per_call, until, per_call), until]
    begins = [0, *ends[:-1]]
    return [
        end
        for begin, end in zip(begins, ends, strict=True)
        if when(progress(end, num_steps=end - begin))
    ]


def test_every_fires_at_multiples_and_at_the_end():
    assert fired(every.Every(4, 10), until=10, per_call=1) == [4, 8, 10]
    assert fired(every.Every(4, 10), until=10, per_call=2) == [4, 8, 10]


def test_every_fires_at_the_end_of_the_call_that_passes_a_multiple():
    # An epoch of 178 steps, in calls of 20.
    when = every.Every(178, 600)
    assert fired(when, until=600, per_call=20) == [180, 360, 540, 600]


def test_every_fires_at_each_call_longer_than_itself():
    assert fired(every.Every(3, 20), until=20, per_call=5) == [5, 10, 15, 20]


def test_every_refuses_no_steps():
    with pytest.raises(ValueError) as error:
        every.Every(0, 10)
    assert str(error.value) == "`every` must be positive, got 0 steps"
