"""A card of labelled numbers, each with a bar as long as it is large."""

import dataclasses
import html
import math
from collections.abc import Iterable, Sequence


@dataclasses.dataclass(frozen=True)
class Bar:
    """A line of a card.

    Attributes:
      label: text.
      value: None leaves the line out.
      role: `own` is what the card is about, `floor` what it stands beside,
        `limit` a line that was drawn.
    """

    label: str
    value: float | None
    role: str = "floor"


def card(
    title: str,
    bars: Sequence[Bar],
    *,
    form: str,
    good: bool | None = None,
    remark: str = "",
) -> str:
    """A heading, a remark, and a table with bars.

    Args:
      title: text.
      bars: those without a value are left out.
      form: how a value is written.
      good: what the colours say, or None for no judgement.
      remark: text below the heading, or ''.
    """
    title = html.escape(title)
    most = largest(bar.value for bar in bars)
    lines = "".join(_line(bar, most, form) for bar in bars)
    said = f'<p class="remark">{html.escape(remark)}</p>' if remark else ""
    judged = {True: " good", False: " bad", None: ""}[good]
    return (
        f'<div class="card{judged}"><h3>{title}</h3>{said}'
        f'<table aria-label="{title}">{lines}</table></div>'
    )


def largest(values: Iterable[float | None]) -> float:
    """The largest that is finite, or NaN."""
    known = (v for v in values if v is not None and math.isfinite(v))
    return max(known, default=math.nan)


def _line(bar: Bar, most: float, form: str) -> str:
    if bar.value is None:
        return ""
    return (
        f'<tr class="{bar.role}"><th scope="row">{html.escape(bar.label)}</th>'
        f"<td>{_written(bar.value, form)}</td>"
        f'<td class="bar" aria-hidden="true">{_drawn(bar.value, most)}</td>'
        "</tr>"
    )


def _written(value: float, form: str) -> str:
    return form.format(value) if math.isfinite(value) else "not a number"


def _drawn(value: float, most: float) -> str:
    if not math.isfinite(value) or not most > 0:
        return ""
    width = max(0.0, 100 * value / most)
    return f'<i style="width:{width:.1f}%"></i>'
