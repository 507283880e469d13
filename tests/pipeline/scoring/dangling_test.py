"""Captions that break off are counted."""

from pipeline.scoring.dangling import DanglingMetric
from pipeline.scoring.metric import References


def test_dangling_is_the_share_that_ends_in_an_open_word():
    scorer = DanglingMetric().against(References([], []))
    captions = [
        "a man next to a".split(),
        "a dog with".split(),
        "a dog runs".split(),
        [],
    ]
    assert scorer.each(captions) == [1.0, 1.0, 0.0, 0.0]
    assert scorer.corpus(captions) == 0.5
    assert not DanglingMetric().higher_is_better
