"""ROUGE-L by hand, and as the official code computes it."""

import random

import pytest

from pipeline.scoring.metric import References
from pipeline.scoring.rouge_l import RougeLMetric, rouge_l
from tests.support import reference_data


def test_rouge_l_by_hand():
    caption = "a dog runs on grass".split()
    references = ["a dog is on the grass".split(), "one dog runs".split()]
    # 'a dog on grass' is 4 of 5 and 4 of 6 words; 'dog runs' 2 of 5 and of 3.
    precision, recall, weight = 4 / 5, 4 / 6, 1.2**2
    expected = (1 + weight) * precision * recall / (recall + weight * precision)
    assert rouge_l([caption], [references]) == [pytest.approx(expected)]


def test_precision_and_recall_may_be_best_in_different_references():
    caption = "a b c d".split()
    references = ["x a b y c z d".split(), "a b".split()]
    weight = 1.2**2
    assert rouge_l([caption], [references])[0] == pytest.approx(1.0)
    assert rouge_l([caption], [references[:1]])[0] == pytest.approx(
        (1 + weight) * 4 / 7 / (4 / 7 + weight)
    )


def test_silence_and_other_words_are_worth_nothing():
    assert rouge_l([[], ["a"]], [[["a"]], [["b"], []]]) == [0.0, 0.0]


def test_equals_the_textbook_longest_common_subsequence():
    draw = random.Random(5)
    for _ in range(200):
        one, two = (draw.choices("abcd", k=draw.randrange(1, 9)) for _ in "ab")
        table = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
        for i, first in enumerate(one):
            for j, second in enumerate(two):
                table[i + 1][j + 1] = (
                    table[i][j] + 1
                    if first == second
                    else max(table[i][j + 1], table[i + 1][j])
                )
        length = table[-1][-1]
        precision, recall = length / len(one), length / len(two)
        both = recall + 1.44 * precision
        expected = 2.44 * precision * recall / both if both else 0.0
        assert rouge_l([one], [[two]])[0] == pytest.approx(expected)


def test_refuses_another_number_of_captions():
    with pytest.raises(ValueError, match="^2 captions for 1 images.$"):
        rouge_l([["a"], ["b"]], [[["a"]]])


@pytest.mark.data
def test_equals_the_official_scores():
    parity = reference_data.parity()
    references = References(
        parity.images, [list(map(" ".join, row)) for row in parity.references]
    )
    scorer = RougeLMetric().against(references)
    official = parity.file["corpus"]["ROUGE_L"]
    assert scorer.corpus(parity.captions) == pytest.approx(official, rel=1e-9)
    each = parity.file["per_image"]["ROUGE_L"]
    assert scorer.each(parity.captions) == pytest.approx(
        [each[image] for image in parity.images], abs=1e-9
    )
