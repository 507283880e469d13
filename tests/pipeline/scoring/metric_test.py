"""Metrics against references: of a corpus, and of each image."""

import pytest

from pipeline.scoring import bleu, cider
from pipeline.scoring.metric import Metric, References

REFERENCES = References(
    ["1", "2"], [["A small dog runs."], ["The cat sits there.", "A cat."]]
)
RIGHT = [words[0] for words in REFERENCES.words]


def test_references_are_parted_into_the_words_that_are_scored():
    assert REFERENCES.words == [
        ["a small dog runs".split()],
        ["the cat sits there".split(), ["a", "cat"]],
    ]


@pytest.mark.parametrize(
    ("metric", "name", "label", "most"),
    [
        (cider.CiderDMetric(), "cider_d", "CIDEr-D", 10),
        (bleu.BleuMetric(), "bleu_4", "BLEU-4", 1),
        (bleu.BleuMetric(order=1), "bleu_1", "BLEU-1", 1),
    ],
)
def test_a_reference_from_another_image_is_worth_less(
    metric: Metric, name: str, label: str, most: float
):
    assert (metric.name, metric.label) == (name, label)
    assert metric.higher_is_better
    scorer = metric.against(REFERENCES)
    assert scorer.corpus(RIGHT) > 0.5 * most
    assert scorer.corpus(RIGHT[::-1]) < 0.2 * most
    first, second = scorer.each([RIGHT[0], RIGHT[0]])
    assert first == pytest.approx(most)
    assert second < 0.3 * most


def test_bleu_has_four_orders():
    with pytest.raises(ValueError) as error:
        bleu.BleuMetric(order=5)
    assert str(error.value) == "`order` must lie in 1 to 4, got 5"


def test_captions_without_a_word_in_common_are_worth_nothing():
    references = References(
        ["1", "2"], [["a small dog runs"], ["the cat sits there"]]
    )
    right = [row[0] for row in references.words]
    cider_d = cider.CiderDMetric().against(references)
    assert cider_d.corpus(right) == pytest.approx(10)
    assert cider_d.corpus(right[::-1]) == 0
    assert cider_d.each([right[0], right[0]]) == pytest.approx([10, 0])
    bleu_4 = bleu.BleuMetric().against(references)
    assert bleu_4.corpus(right) == pytest.approx(1)
