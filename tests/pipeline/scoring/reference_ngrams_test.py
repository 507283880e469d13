"""References are found by image and n-gram."""

import numpy as np
import pytest

from pipeline.scoring.reference_ngrams import ReferenceNgrams, spans

REFERENCES = [
    [["a", "dog"], ["a", "dog", "a", "dog"]],
    [["a", "cat"]],
    [["cat"], ["dog"], ["dog"]],
]


def test_runs_hold_the_most_of_an_image_and_the_images_of_an_ngram():
    table = ReferenceNgrams.of(REFERENCES)
    words = table.ngrams.words
    image, ngram = np.divmod(table.keys, len(table.ngrams))
    places = zip(image.tolist(), ngram.tolist(), strict=True)
    most = dict(zip(places, table.most.tolist(), strict=True))
    assert most[0, words["a"]] == 2 and most[2, words["dog"]] == 1
    assert [
        table.image_counts[words[word]] for word in ("a", "dog", "cat")
    ] == [2, 2, 2]
    assert table.owners.tolist() == [0, 0, 1, 2, 2, 2]


def test_a_caption_meets_its_own_images_ngrams_alone():
    table = ReferenceNgrams.of(REFERENCES)
    match = table.match([["cat"], ["a", "cat", "runs"], ["dog"]])
    own = match.own.captions[match.entries]
    assert own.tolist() == [1, 1, 1, 2]
    assert (table.keys[match.runs] // len(table.ngrams)).tolist() == [
        1,
        1,
        1,
        2,
    ]


def test_a_caption_for_every_image_meets_all():
    table = ReferenceNgrams.of(REFERENCES)
    match = table.match_everywhere(["dog"])
    images = table.keys[match.runs] // len(table.ngrams)
    assert sorted(images.tolist()) == [0, 2]


def test_spans_list_their_places():
    which, places = spans(np.array([3, 9, 0]), np.array([5, 9, 1]))
    assert (which.tolist(), places.tolist()) == ([0, 0, 2], [3, 4, 0])


def test_refuses_an_image_without_references():
    with pytest.raises(ValueError, match="^An image has no reference captions"):
        ReferenceNgrams.of([[["a"]], []])
