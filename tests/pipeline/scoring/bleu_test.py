"""BLEU by hand, at its limits, and as the official code computes it."""

import math

import pytest

from pipeline.scoring.bleu import Bleu, Ceiling
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


def test_bleu_by_hand():
    caption = _split("the the the cat")
    references = [_split("the cat the mat is on", "a cat")]
    bleu = Bleu.from_captions(caption, references)
    # 'the' counts twice, 'cat' once; 'the cat' once; lengths 2 and 6 are
    # equally close to 4, and the shorter one is taken.
    assert bleu == Bleu((3, 1, 0, 0), (4, 3, 2, 1), 4, 2)
    scores = bleu.compute()
    assert scores["bleu_1"] == pytest.approx(3 / 4)
    assert scores["bleu_2"] == pytest.approx(math.sqrt(3 / 4 * 1 / 3))
    assert scores["bleu_3"] < 1e-4


def test_bleu_punishes_brevity():
    bleu = Bleu.from_captions(_split("a dog"), [_split("a dog runs fast")])
    assert bleu.compute()["bleu_1"] == pytest.approx(math.exp(1 - 4 / 2))


def test_bleu_of_the_references_is_one():
    captions = [max(group, key=len) for group in REFERENCES[:3]]
    scores = Bleu.from_captions(captions, REFERENCES[:3]).compute()
    assert list(scores) == ["bleu_1", "bleu_2", "bleu_3", "bleu_4"]
    assert list(scores.values()) == pytest.approx([1, 1, 1, 1])


def test_bleu_of_silence_is_zero():
    bleu = Bleu.from_captions([[]], [_split("a dog")])
    assert set(bleu.compute().values()) == {0.0}


def test_bleu_from_ceilings_is_the_same():
    ceilings = [Ceiling.from_references(group) for group in REFERENCES]
    assert Bleu.from_ceilings(CAPTIONS, ceilings) == Bleu.from_captions(
        CAPTIONS, REFERENCES
    )


def test_bleu_merges_in_any_grouping_to_the_whole():
    parts = [
        Bleu.from_captions([caption], [group])
        for caption, group in zip(CAPTIONS, REFERENCES, strict=True)
    ]
    first, second, third, fourth = parts
    left = first.merge(second).merge(third).merge(fourth)
    right = first.merge(second.merge(third.merge(fourth)))
    whole = Bleu.from_captions(CAPTIONS, REFERENCES)
    assert left == right == whole
    assert whole.merge(Bleu.empty()) == Bleu.empty().merge(whole) == whole


def test_refuses_what_cannot_be_scored():
    with pytest.raises(ValueError, match="3 captions for 4 images"):
        Bleu.from_captions(CAPTIONS[:3], REFERENCES)
    with pytest.raises(ValueError, match="no reference captions"):
        Bleu.from_captions(_split("a dog"), [[]])
    with pytest.raises(ValueError, match="BLEU of no captions"):
        Bleu.empty().compute()


@pytest.mark.data
def test_equals_the_official_scores():
    parity = reference_data.parity()
    bleu = Bleu.from_captions(parity.captions, parity.references).compute()
    for order in range(1, 5):
        official = parity.file["corpus"][f"Bleu_{order}"]
        assert bleu[f"bleu_{order}"] == pytest.approx(official, rel=1e-9)
