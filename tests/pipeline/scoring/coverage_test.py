"""Words of the references that captions use."""

from pipeline.scoring.coverage import CoverageMetric
from pipeline.scoring.metric import References


def test_coverage_by_hand():
    references = References(
        ["1", "2"], [["a red dog", "one dog"], ["a cat sleeps"]]
    )
    scorer = CoverageMetric().against(references)
    captions = [["a", "dog", "runs"], ["a", "red", "cat"]]
    # Of a, red, dog, one, cat, sleeps; 'runs' is nobody's word.
    assert scorer.corpus(captions) == 4 / 6
    assert scorer.each(captions) == [2 / 4, 2 / 3]
    assert scorer.corpus([[], []]) == 0.0
