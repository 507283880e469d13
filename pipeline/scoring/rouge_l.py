"""ROUGE-L (Lin 2004) of captions, equal to pycocoevalcap."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import Tokens, check_aligned
from pipeline.scoring.ratio import RatioScorer, mean_of

_BETA = 1.2


def rouge_l(
    captions: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> list[float]:
    """Scores each image's caption, 0 to 1.

    Precision and recall are each the best of the image's references.

    Raises:
      ValueError: there are not as many captions as images.
    """
    check_aligned(len(captions), len(references))
    return list(map(_rouge_l, captions, references))


def _rouge_l(caption: Tokens, references: Sequence[Tokens]) -> float:
    if not caption:
        return 0.0
    places: dict[str, int] = {}
    for place, word in enumerate(caption):
        places[word] = places.get(word, 0) | 1 << place
    common = [_common(places, len(caption), other) for other in references]
    precision = max(common) / len(caption)
    if not precision:
        return 0.0
    recall = max(
        length / max(len(other), 1)
        for length, other in zip(common, references, strict=True)
    )
    weight = _BETA**2
    return (1 + weight) * precision * recall / (recall + weight * precision)


def _common(places: Mapping[str, int], length: int, other: Tokens) -> int:
    """Length of the longest common subsequence (Hyyro 2004, bit-parallel).

    Args:
      places: word -> bits of the places where a caption has it.
      length: words of that caption.
      other: the words of another caption.
    """
    row = every = (1 << length) - 1
    for word in other:
        met = row & places.get(word, 0)
        row = (row + met | row - met) & every
    return length - row.bit_count()


@dataclasses.dataclass(frozen=True)
class RougeLMetric:
    """ROUGE-L as a metric."""

    name: str = dataclasses.field(default="rouge_l", init=False)
    label: str = dataclasses.field(default="ROUGE-L", init=False)
    definition: str = dataclasses.field(
        default="Words in common with a reference in the same order, as a mean "
        "of precision and recall; 0 to 1 (Lin 2004).",
        init=False,
    )
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: References) -> RatioScorer:
        """Takes the references' words."""
        score = functools.partial(rouge_l, references=references.words)
        return RatioScorer(mean_of(score))
