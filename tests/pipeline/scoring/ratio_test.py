"""Ratios of sums, and means as such."""

import numpy as np

from pipeline.scoring.metric import Scorer, SummedScorer
from pipeline.scoring.ratio import RatioScorer, mean_of

CAPTIONS = [["a", "b"], [], ["a", "a", "b", "c"]]


def share_of_a(captions):
    return np.array(
        [[caption.count("a"), len(caption)] for caption in captions], float
    )


def test_the_corpus_is_the_ratio_of_sums_not_the_mean_of_ratios():
    scorer = RatioScorer(share_of_a)
    assert scorer.corpus(CAPTIONS) == 3 / 6
    assert scorer.each(CAPTIONS) == [0.5, 0.0, 0.5]
    assert isinstance(scorer, SummedScorer) and isinstance(scorer, Scorer)


def test_a_mean_is_a_ratio_too():
    scorer = RatioScorer(mean_of(lambda captions: list(map(len, captions))))
    assert scorer.corpus(CAPTIONS) == 2.0
    assert scorer.each(CAPTIONS) == [2.0, 0.0, 4.0]
    draws = np.array([[6.0, 3.0], [0.0, 0.0]])
    assert scorer.value(draws).tolist() == [2.0, 0.0]
