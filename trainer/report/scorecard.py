"""Each score beside what can be had without looking, as numbers and bars."""

import dataclasses
import math
from collections.abc import Iterable, Mapping

from markupsafe import Markup

from pipeline.pages import bars, document
from trainer.evaluation import baselines

NAMES = {
    "attribute_precision": "Attribute precision",
    "attribute_recall": "Attribute recall",
    "bleu_1": "BLEU-1",
    "bleu_2": "BLEU-2",
    "bleu_3": "BLEU-3",
    "bleu_4": "BLEU-4",
    "cider_d": "CIDEr-D",
    "collision_probability": "Collision probability",
    "loss": "Loss",
    "mode_share": "Mode share",
}
_BLEU = (
    "Precision of runs of up to {} words against the references, cut for short "
    "captions; 0 to 1 (Papineni et al. 2002)."
)
DEFINITIONS = {
    "attribute_precision": "Share of the attributes and relations that a "
    "caption states which hold in the image.",
    "attribute_recall": "Share of the objects that people name which the "
    "caption names right, with no false attribute.",
    "bleu_1": _BLEU.replace("runs of up to {} words", "single words"),
    **{f"bleu_{n}": _BLEU.format(n) for n in (2, 3, 4)},
    "cider_d": "Likeness to the references in which rare words count more; "
    "0 to 10, which papers print times 100 (Vedantam et al. 2015).",
    "collision_probability": "How likely two images get the same caption.",
    "loss": "Cross entropy per word of the references, each word given those "
    "before it, in nats.",
    "mode_share": "Share of images that get the most frequent caption.",
}
FLOOR_DEFINITIONS = {
    "Best constant caption": "The one sentence that scores best when every "
    "image gets it: what can be had without looking.",
    "Shuffled images": "The captioner's own captions, each scored against "
    "another image: what fluent wording is worth by itself.",
}
_MODEL = "This captioner"


@dataclasses.dataclass(frozen=True)
class Habit:
    """How much captions repeat; lower is better.

    Attributes:
      model: of the generated captions, 0 to 1.
      references: of captions that people wrote, 0 to 1, or None.
      limit: above it something is wrong, 0 to 1, or None.
    """

    model: float
    references: float | None = None
    limit: float | None = None


def name(key: str) -> str:
    """What a reader calls a score, such as `CIDEr-D` for `cider_d`."""
    return NAMES.get(key, key.replace("_", " ").capitalize())


def cards(
    scores: Mapping[str, baselines.Score], habits: Mapping[str, Habit]
) -> Markup:
    """Returns a card of three numbers and bars for each, or ''."""
    both = [_score(name(key), value) for key, value in scores.items()]
    both += [_habit(name(key), value) for key, value in habits.items()]
    return document.group("cards", both)


def _score(title: str, score: baselines.Score) -> Markup:
    constant, shuffled = FLOOR_DEFINITIONS
    rows = [
        bars.Bar(_MODEL, score.model, "own"),
        bars.Bar(constant, score.constant),
        bars.Bar(shuffled, score.shuffled),
    ]
    gap = score.model - bars.largest((score.constant, score.shuffled))
    if not math.isfinite(gap):
        return bars.card(title, rows, form="{:.3f}")
    gap = round(gap, 3)
    remark = f"{abs(gap):.3f} {'above' if gap > 0 else 'below'} its best floor"
    remark = remark if gap else "level with its best floor"
    return bars.card(title, rows, form="{:.3f}", good=gap > 0, remark=remark)


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


def definitions(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Name and definition of each score that has one, in order, once."""
    known = (key for key in dict.fromkeys(keys) if key in DEFINITIONS)
    return [(name(key), DEFINITIONS[key]) for key in known]
