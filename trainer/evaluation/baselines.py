"""Scores of captions that were made without a look at their image."""

import dataclasses
import random
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.scoring import bleu, constant_caption, reference_ngrams
from pipeline.scoring.metric import (
    Metric,
    References,
    Scorer,
    SummedScorer,
    WordingMetric,
)
from pipeline.scoring.ngrams import Tokens
from trainer.evaluation import bootstrap

_RATED_IMAGES = 1000
"""Images that candidates are rated on; fewer give a noisy floor."""


def best_constants(references: constant_caption.References) -> list[Tokens]:
    """Returns the best constant captions by CIDEr-D and by BLEU-4.

    Args:
      references: each image's captions as words; they are the candidates.

    Raises:
      ValueError: there are none.
    """
    captions = [caption for row in references for caption in row]
    return [
        constant_caption.best_constant_caption(
            captions, references, seed=0, rate=rate, images=_RATED_IMAGES
        )
        for rate in (constant_caption.cider_d_of_each, bleu_4_of_each)
    ]


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
      constant: its value for one caption that every image gets; None of a
        `WordingMetric`.
      shuffled: its value for the captioner's captions at other images;
        likewise.
      people: its value for each image's first reference against the others;
        None where an image has no other.
      interval: the 95 % interval of `model`; None where no sum over images
        gives the metric, or no image differs from another.
    """

    model: float
    constant: float | None
    shuffled: float | None
    people: float | None = None
    interval: tuple[float, float] | None = None


def floor_table(
    captions: Sequence[Tokens],
    references: References,
    *,
    constants: Sequence[Tokens],
    metrics: Sequence[Metric],
    seed: int,
) -> dict[str, Score]:
    """Returns each metric, by its name, beside its floors.

    The constant floor is the value of whichever of `constants` is best for the
    metric. So with one caption chosen by CIDEr-D and one by BLEU-4 both
    metrics get their true floors.

    Args:
      captions: words, one caption for each image.
      references: of the images, in the same order.
      constants: captions as words, each to be said of every image.
      metrics: what to score by.
      seed: decides which captions are swapped, and which images are drawn for
        the intervals.

    Raises:
      ValueError: there are fewer than two captions or no constant caption.
    """
    if not constants:
        raise ValueError("The constant floor needs a constant caption.")
    swapped = shuffled(captions, seed=seed)
    scorers = {each.name: each.against(references) for each in metrics}
    intervals = _intervals(scorers, captions, seed)
    human = references.first_against_others()
    table = {}
    for metric in metrics:
        scorer, constant, moved = scorers[metric.name], None, None
        if not isinstance(metric, WordingMetric):
            best = max if metric.higher_is_better else min
            alike = ([each] * len(captions) for each in constants)
            constant = best(map(scorer.corpus, alike))
            moved = scorer.corpus(swapped)
        table[metric.name] = Score(
            model=scorer.corpus(captions),
            constant=constant,
            shuffled=moved,
            people=metric.against(human[1]).corpus(human[0]) if human else None,
            interval=intervals.get(metric.name),
        )
    return table


def _intervals(
    scorers: Mapping[str, Scorer], captions: Sequence[Tokens], seed: int
) -> dict[str, tuple[float, float]]:
    """The interval of each metric that sums over images give.

    Where no draw differs, as with a share of 0, draws tell nothing.
    """
    summed = {
        name: scorer
        for name, scorer in scorers.items()
        if isinstance(scorer, SummedScorer)
    }
    rows = {name: each.statistics(captions) for name, each in summed.items()}
    drawn = bootstrap.draw_sums(rows, seed=seed)
    found = {
        name: bootstrap.interval(scorer.value(drawn[name]))
        for name, scorer in summed.items()
    }
    return {name: pair for name, pair in found.items() if pair[0] < pair[1]}
