"""Objects that a caption names and no reference of its image does.

This is CHAIR (Rohrbach et al. 2018) by references alone. Objects are the 80 of
COCO, found by the words in `coco_objects.txt`, in the singular and the plural,
the longest phrase first. Its limits: an object that is there, but that nobody
mentioned, counts as hallucinated (CHAIR also asks COCO's segmentations); other
objects than these 80 are not seen; words of two senses are taken for the
object (`mouse`, `kite`), and negation is not read. Compare systems on the same
references, and with the value of one person against the others.
"""

import dataclasses
import functools
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import Floats, Tokens, check_aligned
from pipeline.scoring.ratio import RatioScorer

_FILE = "coco_objects.txt"
_IRREGULAR = {
    "person": "people",
    "child": "children",
    "grandchild": "grandchildren",
    "mouse": "mice",
    "goose": "geese",
    "sheep": "sheep",
    "skis": "skis",
    "calf": "calves",
    "knife": "knives",
    "ox": "oxen",
}


@functools.cache
def phrases() -> Mapping[tuple[str, ...], str]:
    """Reads words of a name, in both numbers -> object, '' for none of them."""
    path = pathlib.Path(__file__).with_name(_FILE)
    found: dict[tuple[str, ...], str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, names = line.partition(":")
        for each in names.split(","):
            words = tuple(each.split())
            found[words] = found[*words[:-1], plural(words[-1])] = name.strip()
    return found


def plural(word: str) -> str:
    """Returns the plural of a noun."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("man"):
        return f"{word[:-2]}en"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


def objects(caption: Tokens) -> frozenset[str]:
    """Returns the objects that a caption names."""
    return frozenset(filter(None, _named(tuple(caption))))


@functools.cache
def _sizes() -> Mapping[str, Sequence[int]]:
    """First word of a name -> numbers of words, the largest first."""
    found: dict[str, set[int]] = {}
    for words in phrases():
        found.setdefault(words[0], set()).add(len(words))
    return {word: sorted(sizes, reverse=True) for word, sizes in found.items()}


def _named(caption: tuple[str, ...]) -> Iterator[str]:
    known, start = phrases(), 0
    while start < len(caption):
        ends = (start + n for n in _sizes().get(caption[start], ()))
        end = next((e for e in ends if caption[start:e] in known), None)
        if end is not None:
            yield known[caption[start:end]]
        start = end or start + 1


@dataclasses.dataclass(frozen=True)
class HallucinationMetric:
    """Hallucinated objects as a metric.

    Attributes:
      by_caption: whether captions with such an object are counted (CHAIRs), or
        objects (CHAIRi).
    """

    by_caption: bool = False
    higher_is_better: bool = dataclasses.field(default=False, init=False)

    @property
    def name(self) -> str:
        """The key."""
        return "chair_s" if self.by_caption else "chair_i"

    @property
    def label(self) -> str:
        """What people call it."""
        return "CHAIRs" if self.by_caption else "CHAIRi"

    @property
    def definition(self) -> str:
        """What it measures, its range and its source."""
        share = (
            "captions that name an object which"
            if self.by_caption
            else "objects named in captions which"
        )
        return (
            f"Share of {share} no reference of the image names, of COCO's 80 "
            "objects; 0 to 1 (Rohrbach et al. 2018, by references alone)."
        )

    def against(self, references: References) -> RatioScorer:
        """Finds the objects of each image's references."""
        known = [
            frozenset().union(*map(objects, row)) for row in references.words
        ]
        return RatioScorer(
            functools.partial(_counts, known=known, by_caption=self.by_caption)
        )


def _counts(
    captions: Sequence[Tokens],
    *,
    known: Sequence[frozenset[str]],
    by_caption: bool,
) -> Floats:
    """What is hallucinated of each image, and of how much [images, 2]."""
    check_aligned(len(captions), len(known))
    named = list(map(objects, captions))
    false = [len(own - true) for own, true in zip(named, known, strict=True)]
    if by_caption:
        return np.column_stack([np.sign(false), np.ones(len(false))])
    return np.column_stack([false, list(map(len, named))]).astype(np.float64)
