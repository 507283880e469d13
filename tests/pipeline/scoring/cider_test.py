"""CIDEr-D: its definition by hand, and its reference values."""

import math

import numpy as np
import pytest

from pipeline.scoring.cider import (
    CiderMetric,
    DocumentFrequencies,
    ReferenceIndex,
)
from pipeline.scoring.metric import References
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


def _cider(captions, references):
    return ReferenceIndex.from_references(references).scores(captions).tolist()


def test_cider_d_by_hand():
    # Two images with nothing in common: each n-gram has the weight log 2. A
    # caption of two words has orders 1 and 2 only, so perfect is 5 of 10.
    references = [_split("red dog"), _split("blue cat")]
    scores = _cider(_split("red dog", "blue dog"), references)
    assert scores[0] == pytest.approx(5.0)
    assert scores[1] == pytest.approx(10 / 4 * (1 / 2))


def test_cider_d_clips_repeated_words():
    references = [_split("red dog"), _split("blue cat")]
    said_once, said_often = (
        _cider([caption, ["x"]], references)[0]
        for caption in _split("dog", "dog dog dog dog")
    )
    # One pair of words against none: exp(-1 / 72); against three: exp(-4 / 72).
    assert said_once == pytest.approx(2.5 / math.sqrt(2) * math.exp(-1 / 72))
    assert said_often == pytest.approx(
        2.5 / (4 * math.sqrt(2)) * math.exp(-4 / 72)
    )


def test_cider_d_ignores_words_of_every_image():
    references = [_split("a dog"), _split("a cat")]
    assert _cider(_split("a", "a"), references) == [0.0, 0.0]


def test_cider_d_of_silence_and_unknown_words_is_zero():
    scores = _cider([[], ["zebra"], [], []], REFERENCES)
    assert scores == [0.0, 0.0, 0.0, 0.0]


def test_cider_d_of_one_image_is_zero():
    assert _cider(_split("a dog"), [_split("a dog")]) == [0.0]


def test_one_caption_everywhere_equals_that_caption_for_each_image():
    index = ReferenceIndex.from_references(REFERENCES)
    caption = "a dog on a red boat".split()
    np.testing.assert_allclose(
        index.scores_everywhere(caption), index.scores([caption] * 4)
    )
    assert index.scores_everywhere(caption).dtype == np.float64


def test_images_may_have_different_numbers_of_references():
    references = [_split("red dog"), _split("blue cat", "blue cat", "blue cat")]
    scores = _cider(_split("red dog", "blue cat"), references)
    assert scores == pytest.approx([5.0, 5.0])


def test_frequencies_may_be_those_of_more_images():
    frequencies = DocumentFrequencies.from_references(REFERENCES)
    scores = [
        score
        for half in (slice(0, 3), slice(3, 4))
        for score in ReferenceIndex.from_references(
            REFERENCES[half], frequencies
        ).scores(CAPTIONS[half])
    ]
    assert scores == pytest.approx(_cider(CAPTIONS, REFERENCES))


def test_plain_cider_clips_nothing_and_forgives_lengths():
    known = References(["1", "2"], [["red dog"], ["blue cat"]])
    captions = _split("dog dog dog dog", "blue cat")
    # One of the two words, the only order in common: 10 / 4 / sqrt(2).
    assert CiderMetric().against(known).each(captions) == pytest.approx(
        [2.5 / math.sqrt(2), 5.0]
    )


def test_refuses_what_cannot_be_scored():
    with pytest.raises(ValueError, match="3 captions for 4 images"):
        _cider(CAPTIONS[:3], REFERENCES)
    with pytest.raises(ValueError, match="no reference captions"):
        ReferenceIndex.from_references([[]])


@pytest.mark.data
def test_equals_the_official_scores():
    parity = reference_data.parity()
    cider = _cider(parity.captions, parity.references)
    official = parity.file["corpus"]["CIDEr"]
    assert np.mean(cider) == pytest.approx(official, rel=1e-9)
    each = parity.file["per_image"]["CIDEr"]
    assert cider == pytest.approx(
        [each[image] for image in parity.images], abs=1e-9
    )
