"""Learning curves as inline SVG that keeps its type size at any width.

A chart's frame has no view box: marks stand at percentages and text at CSS
pixels, so a chart may be 300 or 1,000 pixels wide. Only the lines are stretched
and their strokes are told not to. Colours come from the page's style.
"""

import dataclasses
import html
import math
from collections.abc import Iterable, Mapping, Sequence

# More points than pixels draw nothing more.
_MOST_POINTS = 400
_MOST_DOTS = 60

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Series:
    """One line of a chart.

    Attributes:
      label: what a reader calls it.
      points: (step, value), steps ascending; a value may be NaN or infinite.
      kind: `train` is drawn thin, `validation` bold with its points.
    """

    label: str
    points: tuple[Point, ...]
    kind: str = "validation"

    @property
    def finite(self) -> list[Point]:
        """The points that can be drawn."""
        return [point for point in self.points if math.isfinite(point[1])]

    def value_at(self, step: float | None) -> float | None:
        """The finite value at a step, or None."""
        return next((y for x, y in self.finite if x == step), None)


def series(
    rows: Iterable[Mapping[str, float]],
    key: str,
    *,
    label: str,
    kind: str = "validation",
) -> Series:
    """Takes one scalar, such as `validation/loss`, out of `metrics.jsonl`.

    Each row has `step`; those without `key` are passed over.
    """
    points = [(float(r["step"]), float(r[key])) for r in rows if key in r]
    return Series(label, tuple(sorted(points, key=lambda p: p[0])), kind)


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


def step_label(step: float) -> str:
    """Writes a step in at most five characters below ten million."""
    if step >= 1e6:
        return f"{step / 1e6:g}M"
    return f"{step / 1e3:g}k" if step >= 1e4 else f"{step:,.0f}"


def short(value: float) -> str:
    """Writes a value with three digits that count."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


@dataclasses.dataclass(frozen=True)
class Chart:
    """Lines over training steps.

    Attributes:
      title: heading, with the unit.
      lines: `Series`, drawn in order; those without points are left out.
      best_step: a step to mark, or None.
      last_step: of the run, where the horizontal axis ends.
      from_zero: whether the vertical axis begins at zero.
      wide: whether it takes a row of its own and has a legend.
    """

    title: str
    lines: Sequence[Series]
    best_step: float | None = None
    last_step: float = 1
    from_zero: bool = False
    wide: bool = False

    def render(self) -> str:
        """Returns a `figure` with heading, legend, SVG and what is missing."""
        lines = [line for line in self.lines if line.points]
        drawn = [line for line in lines if line.finite]
        plot = self._plot(drawn) if drawn else '<p class="none">No values.</p>'
        kind = "chart wide" if self.wide else "chart"
        missing = sum(len(line.points) - len(line.finite) for line in lines)
        note = f'<p class="none">Not finite, left out: {missing}.</p>'
        note = note if missing else ""
        return (
            f'<figure class="{kind}"><figcaption><h3>{html.escape(self.title)}'
            f"</h3>{self._key(drawn)}</figcaption>{plot}{note}</figure>"
        )

    def _key(self, lines: Sequence[Series]) -> str:
        """The legend, or on a narrow chart the value at the best step."""
        parts = [
            f'<span class="{line.kind}"><i></i>{html.escape(line.label)}</span>'
            for line in lines
        ]
        if not self.wide:
            values = (line.value_at(self.best_step) for line in lines)
            parts = [
                f"<span><b>{short(value)}</b> at step {self.best_step:,.0f}"
                "</span>"
                for value in values
                if value is not None
            ]
        return f'<p class="key">{"".join(parts)}</p>' if parts else ""

    def _plot(self, lines: Sequence[Series]) -> str:
        steps = [line.points[-1][0] for line in lines]
        values = [y for line in lines for _, y in line.finite]
        low = min(0.0, *values) if self.from_zero else min(values)
        up = ticks(low, max(values), most=5)
        scale = _Scale(max(self.last_step, *steps), up[0], up[-1])
        # The axis ends with the training, not at the next round number.
        across = ticks(0, scale.last_step, most=6 if self.wide else 3)
        across = [x for x in across if x <= scale.last_step]
        marks = "".join(_line(line, scale, self.best_step) for line in lines)
        best = ""
        if self.best_step is not None and self.best_step <= scale.last_step:
            x = scale.x(self.best_step)
            best = f'<line class="best" x1="{x}%" x2="{x}%" y2="100%"/>'
        summary = html.escape("; ".join(map(_summary, lines)))
        return (
            f'<svg class="plot" role="img" aria-label="{summary}">'
            f"{_grid(up, across, scale)}{best}{marks}</svg>"
        )


@dataclasses.dataclass(frozen=True)
class _Scale:
    last_step: float
    low: float
    high: float

    def x(self, step: float) -> float:
        return round(100 * step / self.last_step, 2)

    def y(self, value: float) -> float:
        return round(100 * (self.high - value) / (self.high - self.low), 2)


def _summary(line: Series) -> str:
    (first, start), (last, end) = line.finite[0], line.finite[-1]
    if first == last:
        return f"{line.label}: {short(start)} at step {first:,.0f}"
    return (
        f"{line.label}: from {short(start)} at step {first:,.0f} "
        f"to {short(end)} at step {last:,.0f}"
    )


def _grid(up: Sequence[float], across: Sequence[float], scale: _Scale) -> str:
    rows = (
        f'<line class="rule" x1="0" x2="100%" y1="{scale.y(y)}%" '
        f'y2="{scale.y(y)}%"/><text x="-8" y="{scale.y(y)}%" dy=".32em" '
        f'text-anchor="end">{y:,.6g}</text>'
        for y in up
    )
    columns = (
        f'<text x="{scale.x(x)}%" y="100%" dy="1.6em" '
        f'text-anchor="middle">{step_label(x)}</text>'
        for x in across
        if x.is_integer()
    )
    step = '<text x="100%" y="100%" dy="3em" text-anchor="end">step</text>'
    return "".join((*rows, *columns, step))


def _line(line: Series, scale: _Scale, best_step: float | None) -> str:
    """The line with gaps where values are missing, and its points."""
    paths, alone = [], []
    for run in _runs(_thinned(line.points)):
        at = [f"{10 * scale.x(x):g},{10 * scale.y(y):g}" for x, y in run]
        paths.append("M" + "L".join(at))
        alone += run if len(run) == 1 else []
    if line.kind == "validation":
        few = len(line.finite) <= _MOST_DOTS
        alone += [p for p in line.finite if few or p[0] == best_step]
    dots = (_dot(point, line, scale, best_step) for point in sorted(set(alone)))
    return (
        f'<g class="{line.kind}"><svg viewBox="0 0 1000 1000" '
        'preserveAspectRatio="none"><path vector-effect="non-scaling-stroke" '
        f'd="{"".join(paths)}"/></svg>{"".join(dots)}</g>'
    )


def _dot(
    point: Point, line: Series, scale: _Scale, best_step: float | None
) -> str:
    x, y = point
    radius = 5 if x == best_step else 3
    said = html.escape(f"{line.label}, step {x:,.0f}: {short(y)}")
    return (
        f'<circle cx="{scale.x(x)}%" cy="{scale.y(y)}%" r="{radius}">'
        f"<title>{said}</title></circle>"
    )


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Means of equal runs of points, so that there are few enough."""
    size = math.ceil(len(points) / _MOST_POINTS)
    runs = (points[i : i + size] for i in range(0, len(points), size or 1))
    return [
        (sum(x for x, _ in run) / len(run), sum(y for _, y in run) / len(run))
        for run in runs
    ]


def _runs(points: Iterable[Point]) -> list[list[Point]]:
    runs: list[list[Point]] = [[]]
    for point in points:
        if math.isfinite(point[1]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
