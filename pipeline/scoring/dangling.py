"""How many captions break off: `a man standing next to a`."""

import dataclasses
from collections.abc import Sequence

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import Tokens
from pipeline.scoring.ratio import RatioScorer, mean_of

ENDINGS = frozenset(
    "a an the this that these those his her its their "
    "of with in on at by to from for into onto upon near next under over "
    "behind beside between through against around towards while as and or but "
    "is are was were has have wearing".split()
)
"""Words that no whole caption ends in, but for a few of `on`, `by` or `over`;
the share among people's captions tells how few."""


@dataclasses.dataclass(frozen=True)
class DanglingMetric:
    """The share of captions that end in such a word."""

    name: str = dataclasses.field(default="dangling", init=False)
    label: str = dataclasses.field(default="Dangling endings", init=False)
    definition: str = dataclasses.field(
        default="Share of captions that end in a word such as 'a', 'of' or "
        "'with', after which more has to come; 0 to 1.",
        init=False,
    )
    of_wording: bool = dataclasses.field(default=True, init=False)
    higher_is_better: bool = dataclasses.field(default=False, init=False)

    def against(self, references: References) -> RatioScorer:
        """Needs no references."""
        del references
        return RatioScorer(mean_of(_dangling))


def _dangling(captions: Sequence[Tokens]) -> list[float]:
    return [float(bool(c) and c[-1] in ENDINGS) for c in captions]
