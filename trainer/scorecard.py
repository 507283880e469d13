"""Each score beside what can be had without looking, as numbers and bars."""

import dataclasses
import html
import math
from collections.abc import Iterable, Mapping, Sequence

from trainer import floors

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
    scores: Mapping[str, floors.Score], habits: Mapping[str, Habit]
) -> str:
    """Returns a card of three numbers and bars for each, or ''."""
    both = [_score(name(key), value) for key, value in scores.items()]
    both += [_habit(name(key), value) for key, value in habits.items()]
    return f'<div class="cards">{"".join(both)}</div>' if both else ""


@dataclasses.dataclass(frozen=True)
class _Row:
    """A line of a card; `role` says how its bar is drawn."""

    label: str
    value: float | None
    role: str = "floor"


def _score(title: str, score: floors.Score) -> str:
    constant, shuffled = FLOOR_DEFINITIONS
    rows = [
        _Row(_MODEL, score.model, "own"),
        _Row(constant, score.constant),
        _Row(shuffled, score.shuffled),
    ]
    gap = score.model - _largest(score.constant, score.shuffled)
    if not math.isfinite(gap):
        return _card(title, rows, form="{:.3f}")
    gap = round(gap, 3)
    remark = f"{abs(gap):.3f} {'above' if gap > 0 else 'below'} its best floor"
    remark = remark if gap else "level with its best floor"
    return _card(title, rows, form="{:.3f}", good=gap > 0, remark=remark)


def _habit(title: str, habit: Habit) -> str:
    rows = [
        _Row(_MODEL, habit.model, "own"),
        _Row("People", habit.references),
        _Row("Healthy limit", habit.limit, "limit"),
    ]
    if habit.limit is None or not math.isfinite(habit.model):
        return _card(title, rows, form="{:.2%}")
    good = habit.model <= habit.limit
    remark = f"{'within' if good else 'above'} the healthy limit"
    return _card(title, rows, form="{:.2%}", good=good, remark=remark)


def _largest(*values: float | None) -> float:
    known = (v for v in values if v is not None and math.isfinite(v))
    return max(known, default=math.nan)


def _card(
    title: str,
    rows: Sequence[_Row],
    *,
    form: str,
    good: bool = True,
    remark: str = "",
) -> str:
    """A heading, how the model compares, and a table with bars.

    Args:
      title: name of the score.
      rows: those without a value are left out.
      form: how a value is written.
      good: what the colours say.
      remark: how the model compares, or ''.
    """
    title = html.escape(title)
    most = _largest(*(row.value for row in rows))
    lines = "".join(_line(row, most, form) for row in rows)
    said = f'<p class="remark">{remark}</p>' if remark else ""
    return (
        f'<div class="card {"good" if good else "bad"}"><h3>{title}</h3>{said}'
        f'<table aria-label="{title}">{lines}</table></div>'
    )


def _line(row: _Row, most: float, form: str) -> str:
    if row.value is None:
        return ""
    return (
        f'<tr class="{row.role}"><th scope="row">{row.label}</th>'
        f"<td>{_written(row.value, form)}</td>"
        f'<td class="bar" aria-hidden="true">{_bar(row.value, most)}</td></tr>'
    )


def _written(value: float, form: str) -> str:
    return form.format(value) if math.isfinite(value) else "not a number"


def _bar(value: float, most: float) -> str:
    if not math.isfinite(value) or not most > 0:
        return ""
    width = max(0.0, 100 * value / most)
    return f'<i style="width:{width:.1f}%"></i>'


def definitions(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Name and definition of each score that has one, in order, once."""
    known = (key for key in dict.fromkeys(keys) if key in DEFINITIONS)
    return [(name(key), DEFINITIONS[key]) for key in known]
