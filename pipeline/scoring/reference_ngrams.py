"""The n-grams of references, found by image or in every image."""

import dataclasses
import functools
import itertools
from collections.abc import Sequence
from typing import Self

import numpy as np

from pipeline.scoring.ngrams import (
    Integers,
    Ngrams,
    Tokens,
    check_aligned,
    positions,
    run_starts,
)


@dataclasses.dataclass(frozen=True)
class Match:
    """Where captions have an n-gram in common with their references.

    Attributes:
      own: the captions' n-grams.
      numbers: int64 [n-grams of the captions], their numbers in the references,
        -1 where these have none.
      entries: int64 [matches], counts of `own`.
      runs: int64 [matches], the runs of the references that they meet.
    """

    own: Ngrams
    numbers: Integers
    entries: Integers
    runs: Integers


@dataclasses.dataclass(frozen=True)
class ReferenceNgrams:
    """The n-grams of references; counts of an image's n-gram are a run.

    Attributes:
      ngrams: of the references of all images, one after the other.
      bounds: int64 [images + 1]; image i owns references bounds[i] to
        bounds[i + 1].
      order: int64 [entries], the counts by image and n-gram.
      keys: int64 [runs], ascending, image times number of n-grams plus n-gram.
      starts: int64 [runs + 1]; a run owns a span of `order`.
    """

    ngrams: Ngrams
    bounds: Integers
    order: Integers
    keys: Integers
    starts: Integers

    @classmethod
    def of(cls, references: Sequence[Sequence[Tokens]]) -> Self:
        """Counts the n-grams of each image's references.

        Raises:
          ValueError: an image has no references.
        """
        if not all(references):
            raise ValueError("An image has no reference captions.")
        ngrams = Ngrams.of(list(itertools.chain.from_iterable(references)))
        sizes = np.array(list(map(len, references)), np.int64)
        images = np.repeat(np.arange(len(sizes)), sizes)
        keys = images[ngrams.captions] * len(ngrams) + ngrams.ngrams
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = run_starts(keys)
        return cls(
            ngrams,
            np.concatenate([[0], np.cumsum(sizes)]),
            order,
            keys[starts],
            np.append(starts, len(keys)),
        )

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self.bounds) - 1

    @functools.cached_property
    def owners(self) -> Integers:
        """The image of each reference, int64 [references]."""
        return np.repeat(np.arange(self.images), np.diff(self.bounds))

    @functools.cached_property
    def ngram_of_run(self) -> Integers:
        """The n-gram of each run, int64 [runs]."""
        return self.keys % max(len(self.ngrams), 1)

    @functools.cached_property
    def most(self) -> Integers:
        """The most of a run's n-gram in any one reference, int64 [runs]."""
        times = self.ngrams.times[self.order]
        return np.maximum.reduceat(times, self.starts[:-1])

    @functools.cached_property
    def image_counts(self) -> Integers:
        """In how many images each n-gram occurs, int64 [n-grams]."""
        return np.bincount(self.ngram_of_run, minlength=len(self.ngrams))

    @functools.cached_property
    def runs_by_ngram(self) -> tuple[Integers, Integers]:
        """The runs by n-gram, and where each n-gram starts among them."""
        ends = np.cumsum(self.image_counts)
        return np.argsort(self.ngram_of_run), np.concatenate([[0], ends])

    def match(self, captions: Sequence[Tokens]) -> Match:
        """Finds the n-grams of one caption for each image in its references.

        Raises:
          ValueError: there are not as many captions as images.
        """
        check_aligned(len(captions), self.images)
        own = Ngrams.of(captions)
        numbers = own.numbers_in(self.ngrams)
        known = numbers[own.ngrams]
        wanted = own.captions * len(self.ngrams) + known
        runs = positions(self.keys, np.where(known < 0, -1, wanted))
        entries = np.flatnonzero(runs >= 0)
        return Match(own, numbers, entries, runs[entries])

    def match_everywhere(self, caption: Tokens) -> Match:
        """Finds the n-grams of one caption in the references of every image."""
        own = Ngrams.of([caption])
        numbers = own.numbers_in(self.ngrams)
        known = numbers[own.ngrams]
        entries = np.flatnonzero(known >= 0)
        runs, starts = self.runs_by_ngram
        first = known[entries]
        which, places = spans(starts[first], starts[first + 1])
        return Match(own, numbers, entries[which], runs[places])


def spans(starts: Integers, stops: Integers) -> tuple[Integers, Integers]:
    """Lists the places of several spans.

    Returns:
      int64 [places]: the number of the span, and the place.
    """
    sizes = stops - starts
    which = np.repeat(np.arange(len(sizes)), sizes)
    before = np.cumsum(sizes) - sizes
    return which, np.arange(len(which)) + (starts - before)[which]
