"""BLEU by hand, at its limits, and as the official code computes it."""

import math

import numpy as np
import pytest

from pipeline.scoring import bleu
from pipeline.scoring.metric import References
from pipeline.scoring.reference_ngrams import ReferenceNgrams
from tests.support import reference_data


def _split(*captions):
    return [caption.split() for caption in captions]


CAPTIONS = _split(
    "a dog runs on grass", "a cat", "two men on a red boat", "a dog runs"
)
REFERENCES = [
    _split("a dog runs on the grass", "one dog is running"),
    _split("a cat sleeps on a bed", "the cat"),
    _split("two men sit in a boat", "men on a red boat in the sea"),
    _split("a bird flies", "a small bird in the sky"),
]


def _statistics(captions, references):
    return bleu.statistics(captions, ReferenceNgrams.of(references))


def _bleu(captions, references):
    return bleu.scores(_statistics(captions, references).sum(axis=0)).tolist()


def test_bleu_by_hand():
    caption = _split("the the the cat")
    references = [_split("the cat the mat is on", "a cat")]
    # 'the' counts twice, 'cat' once; 'the cat' once; lengths 2 and 6 are
    # equally close to 4, and the shorter one is taken.
    (counts,) = _statistics(caption, references).tolist()
    assert counts == [3, 1, 0, 0, 4, 3, 2, 1, 4, 2]
    scores = _bleu(caption, references)
    assert scores[0] == pytest.approx(3 / 4)
    assert scores[1] == pytest.approx(math.sqrt(3 / 4 * 1 / 3))
    assert scores[2] < 1e-4


def test_bleu_punishes_brevity():
    scores = _bleu(_split("a dog"), [_split("a dog runs fast")])
    assert scores[0] == pytest.approx(math.exp(1 - 4 / 2))


def test_bleu_of_the_references_is_one():
    captions = [max(group, key=len) for group in REFERENCES[:3]]
    assert _bleu(captions, REFERENCES[:3]) == pytest.approx([1, 1, 1, 1])


def test_bleu_of_silence_is_zero():
    assert _bleu([[]], [_split("a dog")]) == [0.0] * 4
    assert _bleu(_split("a"), [[[]]]) == pytest.approx([0.0] * 4, abs=1e-6)


def test_one_caption_everywhere_is_that_caption_for_each_image():
    known = ReferenceNgrams.of(REFERENCES)
    for caption in CAPTIONS:
        alike = bleu.statistics([caption] * 4, known).sum(axis=0)
        assert bleu.sum_everywhere(caption, known).tolist() == alike.tolist()


def test_the_value_comes_from_the_sums_of_any_grouping():
    rows = _statistics(CAPTIONS, REFERENCES)
    parts = [
        _statistics([caption], [group])[0]
        for caption, group in zip(CAPTIONS, REFERENCES, strict=True)
    ]
    np.testing.assert_array_equal(rows, parts)


def test_refuses_what_cannot_be_scored():
    with pytest.raises(ValueError, match="3 captions for 4 images"):
        _bleu(CAPTIONS[:3], REFERENCES)
    with pytest.raises(ValueError, match="no reference captions"):
        _bleu(_split("a dog"), [[]])


@pytest.mark.data
def test_equals_the_official_scores():
    parity = reference_data.parity()
    references = References(
        parity.images, [list(map(" ".join, row)) for row in parity.references]
    )
    for order in range(1, 5):
        scorer = bleu.BleuMetric(order).against(references)
        official = parity.file["corpus"][f"Bleu_{order}"]
        assert scorer.corpus(parity.captions) == pytest.approx(
            official, rel=1e-9
        )
        each = parity.file["per_image"][f"Bleu_{order}"]
        assert scorer.each(parity.captions) == pytest.approx(
            [each[image] for image in parity.images], abs=1e-9
        )
