"""N-grams have numbers, counts, and numbers among others' n-grams."""

import collections
import random

import numpy as np
import pytest

from pipeline.scoring.ngrams import Ngrams, check_aligned, positions


def spelt(ngrams: Ngrams) -> list[tuple[str, ...]]:
    """Each n-gram's words, from the keys."""
    words = list(ngrams.words)
    found = previous = [(word,) for word in words]
    for keys in ngrams.keys[1:]:
        pairs = (divmod(int(key), len(words)) for key in keys)
        previous = [(*previous[first], words[last]) for first, last in pairs]
        found = found + previous
    return found


def counted(caption: list[str]) -> collections.Counter[tuple[str, ...]]:
    return collections.Counter(
        tuple(caption[start : start + order])
        for order in range(1, 5)
        for start in range(len(caption) - order + 1)
    )


@pytest.fixture
def captions() -> list[list[str]]:
    draw = random.Random(3)
    return [draw.choices("abcde", k=draw.randrange(9)) for _ in range(50)]


def test_counts_of_a_caption_that_repeats():
    ngrams = Ngrams.of([["a", "b", "a", "b", "a"]])
    counts = dict(zip(spelt(ngrams), ngrams.times.tolist(), strict=True))
    assert counts == {
        ("a",): 3,
        ("b",): 2,
        ("a", "b"): 2,
        ("b", "a"): 2,
        ("a", "b", "a"): 2,
        ("b", "a", "b"): 1,
        ("a", "b", "a", "b"): 1,
        ("b", "a", "b", "a"): 1,
    }


def test_each_captions_counts_are_its_own(captions):
    ngrams = Ngrams.of(captions)
    names = spelt(ngrams)
    assert len(names) == len(ngrams) == len(set(names))
    for number, caption in enumerate(captions):
        own = ngrams.captions == number
        found = zip(ngrams.ngrams[own], ngrams.times[own], strict=True)
        assert {names[n]: times for n, times in found} == counted(caption)
    assert ngrams.lengths.tolist() == list(map(len, captions))
    assert ngrams.orders.tolist() == [len(name) - 1 for name in names]


def test_numbers_among_other_ngrams(captions):
    own, other = Ngrams.of(captions[:25]), Ngrams.of([*captions[20:], ["z"]])
    known = {name: number for number, name in enumerate(spelt(other))}
    expected = [known.get(name, -1) for name in spelt(own)]
    assert own.numbers_in(other).tolist() == expected
    assert -1 in expected and max(expected) > 0


def test_nothing_has_no_ngrams():
    for captions in ([], [[]]):
        empty = Ngrams.of(captions)
        assert len(empty) == 0 and empty.times.tolist() == []
        assert len(empty.numbers_in(Ngrams.of([["a"]]))) == 0
        assert Ngrams.of([["a"]]).numbers_in(empty).tolist() == [-1]


def test_places_in_an_ascending_array():
    ascending = np.array([2, 3, 7])
    found = positions(ascending, np.array([7, 1, 2, 9]))
    assert found.tolist() == [2, -1, 0, -1]


def test_captions_and_images_are_as_many():
    check_aligned(3, 3)
    with pytest.raises(ValueError, match="^2 captions for 3 images.$"):
        check_aligned(2, 3)
