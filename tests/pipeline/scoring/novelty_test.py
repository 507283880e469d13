"""Copies of train captions are not new."""

from pipeline.scoring.metric import References
from pipeline.scoring.novelty import NoveltyMetric


def test_novelty_is_the_share_of_captions_not_in_train():
    metric = NoveltyMetric(frozenset({("a", "dog"), ("a", "cat")}))
    scorer = metric.against(References([], []))
    captions = [["a", "dog"], ["a", "red", "dog"], ["a"], ["a", "cat"]]
    assert scorer.each(captions) == [0.0, 1.0, 1.0, 0.0]
    assert scorer.corpus(captions) == 0.5
    assert metric.name == "novelty" and metric.higher_is_better
