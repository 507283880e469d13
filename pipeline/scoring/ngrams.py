"""Runs of one to four words as numbers, and how often captions hold them."""

import dataclasses
import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

Tokens = Sequence[str]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ORDERS = 4


@dataclasses.dataclass(frozen=True)
class Ngrams:
    """The n-grams of some captions, numbered, and a sparse matrix of counts.

    Numbers ascend with the order: single words first, in the order in which
    they are met.

    Attributes:
      words: word -> its number.
      keys: for each order, ascending int64 [n-grams]: the number that the
        n-gram's first words have in their own order, times the number of
        words, plus the number of its last word.
      captions: int64 [entries], ascending, the caption of each count.
      ngrams: int64 [entries], ascending in a caption, its n-gram.
      times: int64 [entries], how often the caption holds the n-gram.
      lengths: int64 [captions], words in each.
    """

    words: Mapping[str, int]
    keys: tuple[Integers, ...]
    captions: Integers
    ngrams: Integers
    times: Integers
    lengths: Integers

    @classmethod
    def of(cls, captions: Sequence[Tokens]) -> Self:
        """Numbers and counts the n-grams of captions."""
        lengths = np.array(list(map(len, captions)), np.int64)
        flat = list(itertools.chain.from_iterable(captions))
        words = {word: place for place, word in enumerate(dict.fromkeys(flat))}
        said = np.fromiter(map(words.__getitem__, flat), np.int64, len(flat))
        keys, places, numbers = _numbered(said, lengths, len(words))
        owners = np.repeat(np.arange(len(captions)), lengths)
        size = max(sum(map(len, keys)), 1)
        found = np.sort(owners[places] * size + numbers)
        starts = run_starts(found)
        owner, ngram = np.divmod(found[starts], size)
        times = np.diff(starts, append=len(found))
        return cls(words, keys, owner, ngram, times, lengths)

    def __len__(self) -> int:
        """Returns how many different n-grams there are."""
        return len(self.orders)

    @functools.cached_property
    def orders(self) -> Integers:
        """Words of each n-gram but one, 0 to 3, int64 [n-grams]."""
        return np.repeat(np.arange(ORDERS), list(map(len, self.keys)))

    def numbers_in(self, other: "Ngrams") -> Integers:
        """Returns each n-gram's number in `other`, -1 where it has none."""
        words = np.array(
            [other.words.get(word, -1) for word in self.words], np.int64
        )
        found, numbers, offset = [words], words, len(other.words)
        for own, known in zip(self.keys[1:], other.keys[1:], strict=True):
            first, last = np.divmod(own, max(len(self.words), 1))
            parts = np.minimum(numbers[first], words[last])
            wanted = numbers[first] * len(other.words) + words[last]
            numbers = positions(known, np.where(parts < 0, -1, wanted))
            found.append(np.where(numbers < 0, -1, numbers + offset))
            offset += len(known)
        return np.concatenate(found)


def positions(ascending: Integers, wanted: Integers) -> Integers:
    """Returns where values stand in an ascending array, -1 if nowhere."""
    if not len(ascending):
        return np.full(len(wanted), -1)
    places = np.minimum(ascending.searchsorted(wanted), len(ascending) - 1)
    return np.where(ascending[places] == wanted, places, -1)


def run_starts(ascending: Integers) -> Integers:
    """Returns where each run of equal values starts, int64 [runs]."""
    changes = np.flatnonzero(ascending[1:] != ascending[:-1]) + 1
    return np.concatenate([np.zeros(min(len(ascending), 1), np.int64), changes])


def check_aligned(captions: int, images: int) -> None:
    """Checks that there is one caption for each image.

    Raises:
      ValueError: there are more or fewer.
    """
    if captions != images:
        raise ValueError(f"{captions} captions for {images} images.")


def _numbered(
    words: Integers, lengths: Integers, size: int
) -> tuple[tuple[Integers, ...], Integers, Integers]:
    """Numbers the n-grams that start at each word.

    Args:
      words: int64 [words], those of all captions, one after the other.
      lengths: int64 [captions], words in each.
      size: the number of different words.

    Returns:
      The keys of each order; then, for every place where an n-gram starts and
      every order, that place and the n-gram's number.
    """
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(words))
    keys, places, numbers = [np.arange(size)], [np.arange(len(words))], [words]
    first, offset = words, size
    for order in range(2, ORDERS + 1):
        starts = np.flatnonzero(left >= order)
        pairs = first[starts] * size + words[starts + order - 1]
        known, own = np.unique(pairs, return_inverse=True)
        first = np.full(len(words), -1)
        first[starts] = own
        keys.append(known)
        places.append(starts)
        numbers.append(own + offset)
        offset += len(known)
    return tuple(keys), np.concatenate(places), np.concatenate(numbers)
