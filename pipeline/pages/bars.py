"""A card of labelled numbers, each with a bar as long as it is large."""

import dataclasses
import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from pipeline.pages import template

_PARTS = template.macros(__file__, "parts.html")


@dataclasses.dataclass(frozen=True)
class Bar:
    """A line of a card.

    Attributes:
      label: text.
      value: None leaves the line out.
      role: `own` for what the card is about, `floor` for what it is compared
        with, `limit` for a bound that it should keep.
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
) -> Markup:
    """Returns a heading, a remark, and a table with bars.

    A value that is written like zero has no bar.

    Args:
      title: text.
      bars: those without a value are left out.
      form: a format string for the values, such as `{:.2%}`.
      good: whether the colours praise or warn, or None for neither.
      remark: text below the heading, or ''.
    """
    most = _largest(bar.value for bar in bars)
    lines = [
        {
            "role": bar.role,
            "label": bar.label,
            "written": _written(bar.value, form),
            "width": _width(bar.value, most, form),
        }
        for bar in bars
        if bar.value is not None
    ]
    judged = {True: " good", False: " bad", None: ""}[good]
    return Markup(_PARTS.card(title, lines, judged, remark))


def _largest(values: Iterable[float | None]) -> float:
    """The largest value that is finite, or NaN."""
    known = (v for v in values if v is not None and math.isfinite(v))
    return max(known, default=math.nan)


def _written(value: float, form: str) -> str:
    return form.format(value) if math.isfinite(value) else "not a number"


def _width(value: float, most: float, form: str) -> str | None:
    """A bar's width in percent of the longest; None for no bar."""
    if not math.isfinite(value) or not most > 0:
        return None
    if form.format(value) == form.format(0.0):
        return None
    return f"{max(0.0, 100 * value / most):.1f}"
