"""The frame of an inline SVG that keeps its type size at any width.

A plot has no view box: marks stand at percentages and text at CSS pixels, so a
plot may be 300 or 1,000 pixels wide. Only lines are stretched, and their
strokes keep their width. Colours come from the page's style.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from pipeline.pages import template

_PARTS = template.macros(__file__, "parts.html")

# A place on an axis and what is written there.
Tick = tuple[float, str]


def ticks(low: float, high: float, *, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten that enclose a range.

    Args:
      low: smallest value.
      high: largest value; equal to `low` gives a range around it.
      most: intervals at most, at least 2.

    Returns:
      Evenly spaced, ascending, the first <= `low` and the last >= `high`.
    """
    if low == high:
        low, high = low - abs(low or 1) / 2, high + abs(high or 1) / 2
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power * factor for factor in (1, 2, 5, 10, 20)):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first <= most:
            break
    return [float(f"{n * step:.12g}") for n in range(first, last + 1)]


def short(value: float) -> str:
    """Writes a value with three digits that count."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def count_label(count: float) -> str:
    """Writes a count in at most five characters below ten million."""
    if count >= 1e6:
        return f"{count / 1e6:g}M"
    return f"{count / 1e3:g}k" if count >= 1e4 else f"{count:,.0f}"


@dataclasses.dataclass(frozen=True)
class Axes:
    """Where values stand in the frame, in percent of its width and height.

    Attributes:
      right: value at the right edge.
      low: value at the lower edge.
      high: value at the upper edge, above `low`.
      left: value at the left edge, below `right`.
    """

    right: float
    low: float
    high: float
    left: float = 0.0

    def x(self, value: float) -> float:
        """Percent from the left."""
        return round(100 * (value - self.left) / (self.right - self.left), 2)

    def y(self, value: float) -> float:
        """Percent from above."""
        return round(100 * (self.high - value) / (self.high - self.low), 2)

    def grid(
        self, up: Iterable[Tick], across: Iterable[Tick], *, unit: str
    ) -> Markup:
        """Lines across with their labels, labels below, and their unit."""
        rows = (
            Markup(
                '<line class="rule" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>'
                '<text x="-8" y="{y}%" dy=".32em" text-anchor="end">{label}'
                "</text>"
            ).format(y=self.y(y), label=label)
            for y, label in up
        )
        columns = (
            Markup(
                '<text x="{}%" y="100%" dy="1.6em" text-anchor="middle">{}'
                "</text>"
            ).format(self.x(x), label)
            for x, label in across
        )
        below = Markup(
            '<text x="100%" y="100%" dy="3em" text-anchor="end">{}</text>'
        ).format(unit)
        return Markup().join((*rows, *columns, below))

    def curve(self, runs: Iterable[Sequence[tuple[float, float]]]) -> Markup:
        """A line through the points of each run, with gaps between runs."""
        path = "".join(
            "M"
            + "L".join(f"{10 * self.x(x):g},{10 * self.y(y):g}" for x, y in run)
            for run in runs
        )
        return Markup(
            '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none">'
            '<path vector-effect="non-scaling-stroke" d="{}"/></svg>'
        ).format(path)


def plot(marks: Markup, *, said: str) -> Markup:
    """An SVG of marks; `said` is read aloud in their place."""
    return Markup(
        '<svg class="plot" role="img" aria-label="{}">{}</svg>'
    ).format(said, marks)


def mark(x: float, kind: str) -> Markup:
    """An upright line, at percent from the left."""
    return Markup('<line class="{}" x1="{x}%" x2="{x}%" y2="100%"/>').format(
        kind, x=x
    )


def key(text: str | Markup) -> Markup:
    """What a plot shows, in a line below its heading."""
    return Markup(_PARTS.key(text))


def figure(
    title: str, body: Markup, *, key: Markup | str = "", wide: bool = False
) -> Markup:
    """A plot with its heading; `key` is the markup of a legend."""
    return Markup(_PARTS.figure(title, body, key, wide))
