"""Each score beside what needs no look at the image, as numbers and bars."""

import dataclasses
import math
from collections.abc import Mapping

from markupsafe import Markup

from pipeline.pages import bars, document
from pipeline.scoring import metric
from trainer.evaluation import baselines
from trainer.report import glossary as glossary_lib

_CONSTANT, _SHUFFLED = "Best constant caption", "Shuffled images"
_PEOPLE, _INTERVAL = "One person", "95 % interval"
DEFINITIONS = {
    _CONSTANT: "The one sentence that scores best when every image gets it: "
    "what can be had without looking.",
    _SHUFFLED: "The captioner's own captions, each scored against another "
    "image: what fluent wording is worth by itself.",
    _PEOPLE: "The first reference of each image, scored against the others: no "
    "floor, but what a person reaches, against one reference fewer.",
    _INTERVAL: "Where a score would mostly lie with other images of the same "
    "kind, by 2,000 bootstrap draws; what is no sum over images has none.",
}
_MODEL = "This captioner"


@dataclasses.dataclass(frozen=True)
class Habit:
    """How much captions repeat; lower is better.

    Attributes:
      model: the value of the generated captions, 0 to 1.
      references: the value of captions that people wrote, 0 to 1, or None.
      limit: a value above it is not healthy, 0 to 1; None for no limit.
    """

    model: float
    references: float | None = None
    limit: float | None = None


def cards(
    scores: Mapping[str, baselines.Score],
    habits: Mapping[str, Habit],
    glossary: glossary_lib.Glossary,
) -> Markup:
    """Returns a card of up to three numbers and bars for each score.

    Args:
      scores: by name, as in `metrics.jsonl`.
      habits: by name.
      glossary: the words for the scores.

    Returns:
      Markup, '' without scores and habits.
    """
    both = [_score(glossary.term(key), value) for key, value in scores.items()]
    both += [
        _habit(glossary.label(key), value) for key, value in habits.items()
    ]
    return document.group("cards", both)


def _score(term: metric.Term, score: baselines.Score) -> Markup:
    rows = [
        bars.Bar(_MODEL, score.model, "own"),
        bars.Bar(_CONSTANT, score.constant),
        bars.Bar(_SHUFFLED, score.shuffled),
        bars.Bar(_PEOPLE, score.people),
    ]
    remark, good = _above(term, score)
    if score.interval:
        sure = "{} {:.3f} to {:.3f}".format(_INTERVAL, *score.interval)
        remark = "; ".join(filter(None, (remark, sure)))
    return bars.card(term.label, rows, form="{:.3f}", good=good, remark=remark)


def _above(
    term: metric.Term, score: baselines.Score
) -> tuple[str, bool | None]:
    """How far a score is from its best floor, and whether that is good."""
    known = (score.constant, score.shuffled)
    floors = [each for each in known if each is not None]
    best = max if term.higher_is_better else min
    floor = best(filter(math.isfinite, floors), default=math.nan)
    gap = round(score.model - floor, 3)
    if not math.isfinite(gap):
        return "", None
    if not gap:
        return "level with its best floor", False
    told = f"{abs(gap):.3f} {'above' if gap > 0 else 'below'} its best floor"
    return told, (gap > 0) == term.higher_is_better


def _habit(title: str, habit: Habit) -> Markup:
    rows = [
        bars.Bar(_MODEL, habit.model, "own"),
        bars.Bar("People", habit.references),
        bars.Bar("Healthy limit", habit.limit, "limit"),
    ]
    if habit.limit is None or not math.isfinite(habit.model):
        return bars.card(title, rows, form="{:.2%}")
    good = habit.model <= habit.limit
    remark = f"{'within' if good else 'above'} the healthy limit"
    return bars.card(title, rows, form="{:.2%}", good=good, remark=remark)
