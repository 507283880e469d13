from collections import Counter

import pytest

from pipeline.job.card.split_counts import SplitCounts


def test_parts_add_up() -> None:
    parts = [
        SplitCounts(images=2, times=Counter({1: 2, 3: 1}), words=9),
        SplitCounts(images=1, times=Counter({3: 4}), leaked_images=1),
    ]
    whole = SplitCounts(
        images=3, times=Counter({1: 2, 3: 5}), words=9, leaked_images=1
    )
    assert SplitCounts.merge(parts) == SplitCounts.merge(parts[::-1]) == whole
    assert SplitCounts.merge([]) == SplitCounts()


def test_a_name_that_is_no_count_is_an_error() -> None:
    with pytest.raises(TypeError, match="image"):
        SplitCounts(image=1)  # type: ignore[call-arg]
