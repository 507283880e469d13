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

# Heights of a plot, in CSS pixels: in a column, and across the page.
LOW, TALL = 150, 260
# From one line of a plot's text to the next, in CSS pixels.
_LINE_HEIGHT = 15

# A value on an axis and the label that is written there.
Tick = tuple[float, str]


def ticks(low: float, high: float, *, most: int) -> list[float]:
    """Returns multiples of 1, 2 or 5 times a power of ten around a range.

    Args:
      low: smallest value.
      high: largest value; equal to `low` gives a range around it.
      most: the largest number of intervals, at least 2.

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
    """Writes a value with three significant digits, or as a whole number."""
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
        """Returns lines across, and labels on the left and below.

        Args:
          up: values and labels of the lines, from the vertical axis.
          across: values and labels below, from the horizontal axis.
          unit: of the horizontal axis.
        """
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

    def levels(self, marks: Iterable[Tick], *, height: int) -> Markup:
        """Returns dashed lines across, labelled in the margin on the right.

        A label that would cover another one stands beside its place, and a
        stroke leads from the line to it.

        Args:
          marks: values and labels.
          height: of the plot in CSS pixels.
        """
        placed = sorted((self.y(value), label) for value, label in marks)
        free = _spread(
            [y for y, _ in placed], gap=round(100 * _LINE_HEIGHT / height, 2)
        )
        drawn = (
            Markup(
                '<line x2="100%" y1="{y}%" y2="{y}%"/><svg x="100%">'
                '<line x1="3" x2="10" y1="{y}%" y2="{beside}%"/>'
                '<text x="14" y="{beside}%" dy=".32em">{label}</text></svg>'
            ).format(y=y, beside=round(beside, 2), label=label)
            for (y, label), beside in zip(placed, free, strict=True)
        )
        return Markup('<g class="levels">{}</g>').format(Markup().join(drawn))

    def curve(self, runs: Iterable[Sequence[tuple[float, float]]]) -> Markup:
        """Returns a line through the points (x, y) of each run.

        There are gaps between the runs.
        """
        path = "".join(
            "M"
            + "L".join(f"{10 * self.x(x):g},{10 * self.y(y):g}" for x, y in run)
            for run in runs
        )
        return Markup(
            '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none">'
            '<path vector-effect="non-scaling-stroke" d="{}"/></svg>'
        ).format(path)


def _spread(places: Iterable[float], *, gap: float) -> list[float]:
    """Moves ascending places apart, by `gap` at least and none beyond 100."""
    spread: list[float] = []
    free = -math.inf
    for place in places:
        spread.append(max(place, free))
        free = spread[-1] + gap
    # What was moved past the lower edge moves the others up.
    edge = 100.0
    for number in reversed(range(len(spread))):
        spread[number] = min(spread[number], edge)
        edge = spread[number] - gap
    return spread


def plot(marks: Markup, *, said: str, height: int = LOW) -> Markup:
    """Returns an SVG of marks.

    Args:
      marks: what is drawn.
      said: read aloud in its place.
      height: in CSS pixels.
    """
    return Markup(
        '<svg class="plot" height="{}" role="img" aria-label="{}">{}</svg>'
    ).format(height, said, marks)


def mark(x: float, kind: str) -> Markup:
    """Returns an upright line of a style, at percent from the left."""
    return Markup('<line class="{}" x1="{x}%" x2="{x}%" y2="100%"/>').format(
        kind, x=x
    )


def key(text: str | Markup) -> Markup:
    """Returns a line below a plot's heading, for what the plot shows."""
    return Markup(_PARTS.key(text))


def figure(
    title: str, body: Markup, *, key: Markup | str = "", wide: bool = False
) -> Markup:
    """Returns a plot with its heading.

    Args:
      title: text.
      body: the plot, and notes below it.
      key: of `key`, or ''.
      wide: whether it takes a row of its own.
    """
    return Markup(_PARTS.figure(title, body, key, wide))
