"""How captions repeat, against values computed by hand."""

import collections
import itertools
import math

import pytest

from pipeline.card.facts import CaptionFacts, FrequentCaption
from pipeline.card.repetition import judge_repeats

CAPTIONS = "a a a b b c d".split()


def _judge(captions: list[str]) -> CaptionFacts:
    counts = collections.Counter(captions)
    return judge_repeats(
        collections.Counter(counts.values()),
        distinct_exact=9,
        shared=5,
        repeated_within=2,
        frequent=[(n, text) for text, n in counts.items()],
    )


def test_repetition_is_that_of_the_captions() -> None:
    facts = _judge(CAPTIONS)
    pairs = list(itertools.permutations(CAPTIONS, 2))
    shares = [3 / 7, 2 / 7, 1 / 7, 1 / 7]
    assert facts.distinct == 4
    assert facts.mode_share == pytest.approx(3 / 7)
    assert facts.collision == pytest.approx(
        sum(a == b for a, b in pairs) / len(pairs)
    )
    assert facts.entropy == pytest.approx(
        -sum(share * math.log(share) for share in shares)
    )
    assert facts.frequent[:2] == (
        FrequentCaption("a", 3),
        FrequentCaption("b", 2),
    )


def test_all_different_captions_do_not_repeat() -> None:
    facts = _judge(list("abcdefgh"))
    assert (facts.collision, facts.mode_share) == (0, 1 / 8)
    assert facts.entropy == pytest.approx(math.log(8))


def test_no_captions_have_no_collision() -> None:
    facts = _judge([])
    assert (facts.collision, facts.mode_share, facts.entropy) == (None, 0, 0)
