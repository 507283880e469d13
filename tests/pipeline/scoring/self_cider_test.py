"""Diversity of an image's captions by their CIDEr kernel, by hand."""

import math

import pytest

from pipeline.scoring.metric import References
from pipeline.scoring.self_cider import SelfCiderMetric

REFERENCES = References(["1", "2"], [["red dog"], ["blue cat"]])


def self_cider(*captions: str) -> float:
    sets = [[caption.split() for caption in captions]]
    return SelfCiderMetric().of_sets(sets, REFERENCES)[0]


def test_the_same_captions_have_none_and_strangers_all():
    assert self_cider("red dog", "red dog", "red dog") == pytest.approx(0.0)
    assert self_cider("red dog", "blue cat") == pytest.approx(1.0)


def test_half_alike_by_hand():
    # One word of two in common: cosines 1/2 (words) and 0 (pairs) of 4 orders;
    # a caption with itself: 2 of 4. Eigenvalues (1/2 +- 1/8).
    roots = math.sqrt(0.625), math.sqrt(0.375)
    expected = -math.log2(roots[0] / sum(roots))
    assert self_cider("red dog", "blue dog") == pytest.approx(expected)


def test_captions_without_a_word_do_not_differ():
    assert self_cider("", "") == 0.0


def test_one_caption_has_no_diversity():
    with pytest.raises(ValueError, match="^Diversity needs 2 captions, not 1"):
        self_cider("red dog")
