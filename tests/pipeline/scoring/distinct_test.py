"""Different n-grams over words, by hand."""

import pytest

from pipeline.scoring.distinct import DistinctMetric
from pipeline.scoring.metric import References, SummedScorer

CAPTIONS = [["a", "dog", "a", "dog"], ["a", "cat"], []]
NONE = References([], [])


def test_distinct_by_hand():
    one, two = (DistinctMetric(n).against(NONE) for n in (1, 2))
    # a, dog, cat; 'a dog', 'dog a', 'a cat'; of six words.
    assert (one.corpus(CAPTIONS), two.corpus(CAPTIONS)) == (3 / 6, 3 / 6)
    assert one.each(CAPTIONS) == [2 / 4, 1.0, 0.0]
    assert two.each(CAPTIONS) == [2 / 4, 1 / 2, 0.0]
    assert one.corpus([[]]) == 0.0


def test_it_is_no_sum_over_images():
    assert not isinstance(DistinctMetric().against(NONE), SummedScorer)


def test_names_and_orders():
    metric = DistinctMetric(2)
    assert (metric.name, metric.label) == ("distinct_2", "Distinct-2")
    with pytest.raises(ValueError, match="^`order` must lie in 1 to 4, got 0$"):
        DistinctMetric(0)
