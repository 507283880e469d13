"""Scores of captions that were made without a look at their image."""

import dataclasses
import random
from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.scoring import bleu, constant_caption, reference_ngrams
from pipeline.scoring.metric import Metric, Scorer
from pipeline.scoring.ngrams import Tokens


def bleu_4_of_each(
    candidates: Sequence[Tokens],
    references: constant_caption.References,
) -> list[float]:
    """Returns each candidate's corpus BLEU-4 as the caption of every image.

    Args:
      candidates: captions as words.
      references: each image's captions as words.

    Returns:
      One value for each candidate, 0 to 1.
    """
    known = reference_ngrams.ReferenceNgrams.of(references)
    sums = np.stack([bleu.sum_everywhere(each, known) for each in candidates])
    return [float(score) for score in bleu.scores(sums)[:, 3]]


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
    """One metric, in its own unit.

    Attributes:
      model: its value for the captioner's captions.
      constant: its value for one caption that every image gets.
      shuffled: its value for the captioner's captions at other images.
    """

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

    The constant floor is the value of whichever of `constants` is best for the
    metric. So with one caption chosen by CIDEr-D and one by BLEU-4 both
    metrics get their true floors.

    Args:
      captions: words, one caption for each image in the scorers' order.
      constants: captions as words, each to be said of every image.
      scorers: each metric, and its scorer for the images' references.
      seed: decides which captions are swapped.

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
