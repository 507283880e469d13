"""Metrics against references: of a corpus, and of each image."""

import random

import numpy as np
import pytest

from pipeline.scoring import (
    bleu,
    cider,
    coverage,
    dangling,
    distinct,
    hallucination,
    novelty,
    repetition,
    rouge_l,
)
from pipeline.scoring.metric import Metric, References, SummedScorer

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


EVERY = [
    *(bleu.BleuMetric(order) for order in (1, 2, 3, 4)),
    rouge_l.RougeLMetric(),
    cider.CiderMetric(),
    cider.CiderDMetric(),
    *(distinct.DistinctMetric(order) for order in (1, 2)),
    coverage.CoverageMetric(),
    novelty.NoveltyMetric(frozenset({("a", "dog")})),
    dangling.DanglingMetric(),
    repetition.RepetitionMetric(),
    hallucination.HallucinationMetric(),
    hallucination.HallucinationMetric(by_caption=True),
]


def captioned(count: int) -> tuple[list[list[str]], list[list[str]]]:
    """Captions, and references of as many images."""
    draw, words = random.Random(1), "a the dog cat man on of runs red".split()
    texts = [
        [" ".join(draw.choices(words, k=draw.randrange(1, 9))) for _ in "abc"]
        for _ in range(count)
    ]
    return [draw.choices(words, k=draw.randrange(9)) for _ in texts], texts


@pytest.mark.parametrize("metric", EVERY, ids=lambda metric: metric.name)
def test_the_order_of_images_changes_no_score(metric: Metric):
    captions, texts = captioned(30)
    scorer = metric.against(References(list(map(str, range(30))), texts))
    order = random.Random(2).sample(range(30), 30)
    moved = metric.against(
        References(list(map(str, order)), [texts[place] for place in order])
    )
    permuted = [captions[place] for place in order]
    each = scorer.each(captions)
    assert moved.corpus(permuted) == pytest.approx(scorer.corpus(captions))
    assert moved.each(permuted) == pytest.approx([each[p] for p in order])


@pytest.mark.parametrize("metric", EVERY, ids=lambda metric: metric.name)
def test_sums_over_images_give_the_corpus(metric: Metric):
    captions, texts = captioned(20)
    scorer = metric.against(References(list(map(str, range(20))), texts))
    assert metric.definition.endswith(".") and metric.label
    if not isinstance(scorer, SummedScorer):
        assert metric.name.startswith(("distinct", "coverage"))
        return
    rows = scorer.statistics(captions)
    assert len(rows) == 20
    assert scorer.value(rows.sum(axis=0)) == pytest.approx(
        scorer.corpus(captions)
    )
    draws = np.stack([rows[:10].sum(axis=0), rows[10:].sum(axis=0)])
    assert scorer.value(draws).shape == (2,)


def test_one_person_is_set_against_the_others():
    found = REFERENCES.first_against_others()
    assert found is None
    references = References(["1"], [["A dog.", "Two dogs.", "A cat."]])
    found = references.first_against_others()
    assert found is not None
    firsts, others = found
    assert firsts == [["a", "dog"]]
    assert others.words == [[["two", "dogs"], ["a", "cat"]]]
    assert others.texts == [["Two dogs.", "A cat."]]
