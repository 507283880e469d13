"""What a metric is: the contract that scores are named, shown and chosen by.

To add one: a file here, its constructor in `trainer/configurable.py`, and its
name in a gin file: `Setup.metrics = [@CiderD(), @Mine()]`.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pipeline.scoring.ngrams import Tokens
from pipeline.scoring.ptb_tokens import ptb_tokens


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


class Scorer(Protocol):
    """A metric bound to the references of some images."""

    def corpus(self, captions: Sequence[Tokens]) -> float:
        """The value of all captions together.

        Args:
          captions: words, one caption for each image, in the images' order.
        """

    def each(self, captions: Sequence[Tokens]) -> list[float]:
        """The value of each image's caption by itself."""


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


@runtime_checkable
class Metric(Term, Protocol):
    """How good captions are, as one number; with the words of a `Term`.

    Attributes:
      name: stable key, such as `cider_d`, in `metrics.jsonl`, `scores.json`
        and `Cadence.select_by`.
    """

    @property
    def name(self) -> str:
        """A stable key; see the class."""

    def against(self, references: References) -> Scorer:
        """Binds the metric to references, to score many captions by them."""
