"""How many captions are no copy of a caption that was trained on."""

import dataclasses
from collections.abc import Sequence

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import Tokens
from pipeline.scoring.ratio import RatioScorer, mean_of


@dataclasses.dataclass(frozen=True)
class NoveltyMetric:
    """The share of captions that nobody said of a train image.

    Attributes:
      known: captions of train images, as words.
    """

    known: frozenset[tuple[str, ...]]
    name: str = dataclasses.field(default="novelty", init=False)
    label: str = dataclasses.field(default="Novelty", init=False)
    definition: str = dataclasses.field(
        default="Share of captions that are none of the captions of train "
        "images, of 6,000 images at most; 0 to 1.",
        init=False,
    )
    of_wording: bool = dataclasses.field(default=True, init=False)
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: References) -> RatioScorer:
        """Needs no references."""
        del references
        return RatioScorer(mean_of(self._new))

    def _new(self, captions: Sequence[Tokens]) -> list[float]:
        return [float(tuple(each) not in self.known) for each in captions]
