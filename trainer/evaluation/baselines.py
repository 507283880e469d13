"""Scores that captions reach without a look at their image."""

import dataclasses
import random
from collections.abc import Iterable, Sequence

from pipeline.scoring import constant_caption
from pipeline.scoring.bleu import Bleu, Ceiling
from pipeline.scoring.metric import Metric, Scorer
from pipeline.scoring.ngrams import Tokens


def bleu_4_of_each(
    candidates: Sequence[Tokens],
    references: constant_caption.References,
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
    scorers: Iterable[tuple[Metric, Scorer]],
    seed: int,
) -> dict[str, Score]:
    """Returns each metric, by its name, beside its two floors.

    Each metric takes the best for it of `constants`, so a caption chosen by
    CIDEr-D and one chosen by BLEU-4 give both their true floors.

    Args:
      captions: one per image, in the order that the scorers expect.
      constants: captions to be said of every image.
      scorers: each metric, and the same bound to the images' references.
      seed: of the swapped captions.

    Raises:
      ValueError: there are fewer than two captions or no constant caption.
    """
    if not constants:
        raise ValueError("The constant floor needs a constant caption.")
    swapped, table = shuffled(captions, seed=seed), {}
    for metric, scorer in scorers:
        fixed = [scorer.corpus([each] * len(captions)) for each in constants]
        table[metric.name] = Score(
            model=scorer.corpus(captions),
            constant=max(fixed) if metric.higher_is_better else min(fixed),
            shuffled=scorer.corpus(swapped),
        )
    return table
