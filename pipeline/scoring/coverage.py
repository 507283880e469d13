"""How many of the words that people use captions use too."""

import dataclasses
from collections.abc import Iterable, Sequence

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import Tokens


@dataclasses.dataclass(frozen=True)
class CoverageMetric:
    """Vocabulary coverage as a metric."""

    name: str = dataclasses.field(default="coverage", init=False)
    label: str = dataclasses.field(default="Vocabulary coverage", init=False)
    definition: str = dataclasses.field(
        default="Share of the different words of the references that any "
        "caption uses; 0 to 1.",
        init=False,
    )
    of_wording: bool = dataclasses.field(default=True, init=False)
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: References) -> "CoverageScorer":
        """Collects the words of each image's references."""
        return CoverageScorer([_words(row) for row in references.words])


@dataclasses.dataclass(frozen=True)
class CoverageScorer:
    """Vocabulary coverage against the words of references.

    Attributes:
      words: of each image's references.
    """

    words: Sequence[frozenset[str]]

    def corpus(self, captions: Sequence[Tokens]) -> float:
        """The share of all references' words that any caption uses."""
        return _share(_words(captions), frozenset().union(*self.words))

    def each(self, captions: Sequence[Tokens]) -> list[float]:
        """The share of an image's words that its caption uses."""
        return [
            _share(frozenset(caption), words)
            for caption, words in zip(captions, self.words, strict=True)
        ]


def _words(captions: Iterable[Tokens]) -> frozenset[str]:
    return frozenset(word for caption in captions for word in caption)


def _share(said: frozenset[str], known: frozenset[str]) -> float:
    return len(said & known) / max(len(known), 1)
