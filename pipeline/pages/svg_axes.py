"""The frame of an inline SVG that keeps its type size at any width.

A plot has no view box: marks stand at percentages and text at CSS pixels, so a
plot may be 300 or 1,000 pixels wide. Only lines are stretched, and their
strokes keep their width. Colours come from the page's style.
"""

import dataclasses
import html
import math
from collections.abc import Iterable, Sequence

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
    ) -> str:
        """Lines across with their labels, labels below, and their unit."""
        rows = (
            f'<line class="rule" x1="0" x2="100%" y1="{self.y(y)}%" '
            f'y2="{self.y(y)}%"/><text x="-8" y="{self.y(y)}%" dy=".32em" '
            f'text-anchor="end">{html.escape(label)}</text>'
            for y, label in up
        )
        columns = (
            f'<text x="{self.x(x)}%" y="100%" dy="1.6em" '
            f'text-anchor="middle">{html.escape(label)}</text>'
            for x, label in across
        )
        below = (
            '<text x="100%" y="100%" dy="3em" text-anchor="end">'
            f"{html.escape(unit)}</text>"
        )
        return "".join((*rows, *columns, below))

    def curve(self, runs: Iterable[Sequence[tuple[float, float]]]) -> str:
        """A line through the points of each run, with gaps between runs."""
        path = "".join(
            "M"
            + "L".join(f"{10 * self.x(x):g},{10 * self.y(y):g}" for x, y in run)
            for run in runs
        )
        return (
            '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none">'
            f'<path vector-effect="non-scaling-stroke" d="{path}"/></svg>'
        )


def plot(marks: str, *, said: str) -> str:
    """An SVG of marks; `said` is read aloud in their place."""
    return (
        f'<svg class="plot" role="img" aria-label="{html.escape(said)}">'
        f"{marks}</svg>"
    )


def figure(title: str, body: str, *, key: str = "", wide: bool = False) -> str:
    """A plot with its heading; `key` is the markup of a legend."""
    kind = "chart wide" if wide else "chart"
    return (
        f'<figure class="{kind}"><figcaption><h3>{html.escape(title)}</h3>'
        f"{key}</figcaption>{body}</figure>"
    )
