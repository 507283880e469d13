"""Scores that captions reach without a look at their image."""

import dataclasses
import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipeline.scoring.bleu import Bleu, Ceiling
from pipeline.scoring.constant_caption import References
from pipeline.scoring.ngrams import Tokens

# One caption per image -> values by metric name, higher is better.
Scorer = Callable[[Sequence[Tokens]], Mapping[str, float]]


def bleu_4_of_each(
    candidates: Sequence[Tokens], references: References
) -> list[float]:
    """Returns each candidate's corpus BLEU-4 as the caption of every image."""
    ceilings = [Ceiling.from_references(group) for group in references]
    alike = ([caption] * len(ceilings) for caption in candidates)
    bleus = (Bleu.from_ceilings(captions, ceilings) for captions in alike)
    return [bleu.compute()["bleu_4"] for bleu in bleus]


def shuffled(captions: Sequence[Tokens], *, seed: int) -> list[Tokens]:
    """Returns the captions with none in its own place (Sattolo's algorithm).

    Raises:
      ValueError: there are fewer than two captions.
    """
    if len(captions) < 2:
        raise ValueError(f"Swapping needs 2 captions, not {len(captions)}.")
    moved, generator = list(captions), random.Random(seed)
    for last in range(len(moved) - 1, 0, -1):
        other = generator.randrange(last)
        moved[last], moved[other] = moved[other], moved[last]
    return moved


@dataclasses.dataclass(frozen=True)
class Score:
    """A metric of the model, the constant caption and swapped captions."""

    model: float
    constant: float
    shuffled: float


def floor_table(
    captions: Sequence[Tokens],
    *,
    constants: Sequence[Tokens],
    scorers: Iterable[Scorer],
    seed: int,
) -> dict[str, Score]:
    """Returns every metric of every scorer beside its two floors.

    `captions` hold one per image, in the order the scorers expect. Each metric
    takes the best for it of `constants`, so a caption chosen by CIDEr-D and
    one chosen by BLEU-4 give both their true floors.

    Raises:
      ValueError: there are fewer than two captions or no constant caption.
    """
    if not constants:
        raise ValueError("The constant floor needs a constant caption.")
    table = {}
    for score in scorers:
        other = score(shuffled(captions, seed=seed))
        fixed = [score([caption] * len(captions)) for caption in constants]
        for name, value in score(captions).items():
            constant = max(values[name] for values in fixed)
            table[name] = Score(value, constant, other[name])
    return table
