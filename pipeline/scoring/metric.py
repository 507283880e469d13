"""What a metric is: the contract that scores are named, shown and chosen by.

To add one: a file here, its constructor in `trainer/configurable.py`, and its
name in a gin file: `Setup.metrics = [@CiderD(), @Mine()]`.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pipeline.scoring.ngrams import Floats, Tokens
from pipeline.scoring.ptb_tokens import ptb_tokens
from pipeline.scoring.reference_ngrams import ReferenceNgrams


@dataclasses.dataclass(frozen=True)
class References:
    """What people say of each image, in a fixed order of the images.

    Attributes:
      image_ids: the ids of the images.
      texts: each image's captions, as people wrote them.
    """

    image_ids: Sequence[str]
    texts: Sequence[Sequence[str]]

    @functools.cached_property
    def words(self) -> list[list[Tokens]]:
        """The captions' words, as the literature scores them."""
        return [[ptb_tokens(text) for text in row] for row in self.texts]

    @functools.cached_property
    def ngrams(self) -> ReferenceNgrams:
        """The captions' n-grams.

        Raises:
          ValueError: an image has no references.
        """
        return ReferenceNgrams.of(self.words)

    def first_against_others(self) -> "tuple[list[Tokens], References] | None":
        """Returns each image's first reference, and the others.

        None if an image has no other.
        """
        if min(map(len, self.texts), default=0) < 2:
            return None
        others = References(self.image_ids, [row[1:] for row in self.texts])
        # A cached property is an attribute: nothing is cut into words twice.
        vars(others)["words"] = [row[1:] for row in self.words]
        return [row[0] for row in self.words], others


@runtime_checkable
class Scorer(Protocol):
    """A metric bound to the references of some images."""

    def corpus(self, captions: Sequence[Tokens]) -> float:
        """The value of all captions together.

        Args:
          captions: words, one caption for each image, in the images' order.
        """

    def each(self, captions: Sequence[Tokens]) -> list[float]:
        """The value of each image's caption by itself."""


@runtime_checkable
class SummedScorer(Scorer, Protocol):
    """A scorer whose value comes from sums over images.

    The bootstrap draws images and needs no more than these sums: a scorer that
    has them gets an interval.
    """

    def statistics(self, captions: Sequence[Tokens]) -> Floats:
        """What each image adds to the sums, float64 [images, sums]."""

    def value(self, sums: Floats) -> Floats:
        """The values of sums [..., sums], float64 [...]."""


class Term(Protocol):
    """A score in words.

    Attributes:
      label: what people call it, such as `CIDEr-D`.
      definition: a sentence or two with range and source, or '' where nobody
        wrote one.
      higher_is_better: whether a larger value is the better one.
    """

    @property
    def label(self) -> str:
        """What people call it."""

    @property
    def definition(self) -> str:
        """A sentence or two with range and source."""

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value is the better one."""


class Named(Term, Protocol):
    """A score in words, with a key.

    Attributes:
      name: stable key, such as `cider_d`, in `metrics.jsonl`, `scores.json`
        and `Cadence.select_by`.
    """

    @property
    def name(self) -> str:
        """A stable key; see the class."""


@runtime_checkable
class Metric(Named, Protocol):
    """How good captions are, as one number; with the words of a `Term`."""

    def against(self, references: References) -> Scorer:
        """Binds the metric to references, to score many captions by them."""


@runtime_checkable
class WordingMetric(Metric, Protocol):
    """A metric of wording alone, to which it is all one who gets which caption.

    Floors say nothing of it, what people's captions score does.

    Attributes:
      of_wording: is there.
    """

    of_wording: bool


class SetMetric(Named, Protocol):
    """How much several captions of one image differ, as one number."""

    def of_sets(
        self, sets: Sequence[Sequence[Tokens]], references: References
    ) -> list[float]:
        """Scores the captions of each image, two or more.

        Raises:
          ValueError: an image has fewer than two captions.
        """
