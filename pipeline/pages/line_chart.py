"""Learning curves as inline SVG."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from pipeline.pages import document, svg_axes

# More points than pixels draw nothing more.
_MOST_POINTS = 400
_MOST_DOTS = 60
_LEAST_SCORE = 5e-4

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Series:
    """One line of a chart.

    Attributes:
      label: what a reader calls it.
      points: (step, value), by ascending step; a value may be NaN or infinite.
      kind: `train` is drawn thin, `validation` bold and with dots.
    """

    label: str
    points: tuple[Point, ...]
    kind: str = "validation"

    @property
    def finite(self) -> list[Point]:
        """The points that can be drawn."""
        return [point for point in self.points if math.isfinite(point[1])]

    def value_at(self, step: float | None) -> float | None:
        """Returns the finite value at a step, or None."""
        return next((y for x, y in self.finite if x == step), None)


def series(
    rows: Iterable[Mapping[str, float]],
    key: str,
    *,
    label: str,
    kind: str = "validation",
) -> Series:
    """Takes one scalar out of the rows of `metrics.jsonl`.

    Args:
      rows: each has `step`; those without `key` are passed over.
      key: such as `validation/loss`.
      label: what a reader calls it.
      kind: how it is drawn, see `Series`.
    """
    points = [(float(r["step"]), float(r[key])) for r in rows if key in r]
    return Series(label, tuple(sorted(points, key=lambda p: p[0])), kind)


@dataclasses.dataclass(frozen=True)
class Chart:
    """Lines over training steps.

    Attributes:
      title: heading, with the unit.
      lines: drawn in order; those without points are left out.
      levels: label -> value to compare the lines with.
      best_step: a step to mark, or None.
      last_step: of the run, where the horizontal axis ends.
      from_zero: whether the vertical axis begins at zero.
      wide: whether it takes a row of its own and names its lines.
    """

    title: str
    lines: Sequence[Series]
    levels: Mapping[str, float] = dataclasses.field(default_factory=dict)
    best_step: float | None = None
    last_step: float = 1
    from_zero: bool = False
    wide: bool = False

    def render(self) -> Markup:
        """Returns a `figure` with heading, legend, SVG and what is missing."""
        lines = [line for line in self.lines if line.points]
        drawn = [line for line in lines if line.finite]
        plot = self._plot(drawn) if drawn else document.note("No values.")
        missing = sum(len(line.points) - len(line.finite) for line in lines)
        note = document.note(f"Not finite, left out: {missing}.")
        note = note if missing else Markup()
        return svg_axes.figure(
            self.title, plot + note, key=self._key(drawn), wide=self.wide
        )

    def _key(self, lines: Sequence[Series]) -> Markup:
        """Each line's name, on a wide chart, and its value at the best step."""
        parts = []
        for line in lines:
            name = Markup("<i></i>{}").format(line.label) if self.wide else ""
            best = Markup()
            if (value := line.value_at(self.best_step)) is not None:
                best = Markup(" <b>{}</b> at step {:,.0f}").format(
                    svg_axes.short(value), self.best_step
                )
            if name or best:
                parts.append(
                    Markup('<span class="{}">{}{}</span>').format(
                        line.kind, name, best
                    )
                )
        return svg_axes.key(Markup().join(parts)) if parts else Markup()

    def _plot(self, lines: Sequence[Series]) -> Markup:
        height = svg_axes.TALL if self.wide else svg_axes.LOW
        levels = [
            (value, f"{label} {svg_axes.short(value)}")
            for label, value in self.levels.items()
        ]
        scale, grid = self._frame(lines)
        marks = [grid]
        if levels:
            marks.append(scale.levels(levels, height=height))
        if self.best_step is not None and self.best_step <= scale.right:
            marks.append(svg_axes.mark(scale.x(self.best_step), "best"))
        marks += [_line(line, scale, self.best_step) for line in lines]
        said = [*map(_summary, lines), *(text for _, text in levels)]
        return svg_axes.plot(
            Markup().join(marks), said="; ".join(said), height=height
        )

    def _frame(self, lines: Sequence[Series]) -> tuple[svg_axes.Axes, Markup]:
        """The axes that hold lines and levels, and their grid."""
        steps = [line.points[-1][0] for line in lines]
        values = [y for line in lines for _, y in line.finite]
        values += self.levels.values()
        low = min(0.0, *values) if self.from_zero else min(values)
        high = max(values)
        # Scores that cards write as 0.000 stand on the axis.
        if self.from_zero and 0 <= high < _LEAST_SCORE:
            high = 1.0
        up = svg_axes.ticks(low, high, most=5)
        scale = svg_axes.Axes(max(self.last_step, *steps), up[0], up[-1])
        # The axis ends with the training, not at the next round number.
        across = svg_axes.ticks(0, scale.right, most=6 if self.wide else 3)
        grid = scale.grid(
            [(y, f"{y:,.6g}") for y in up],
            [
                (x, svg_axes.count_label(x))
                for x in across
                if x <= scale.right and x.is_integer()
            ],
            unit="step",
        )
        return scale, grid


def _summary(line: Series) -> str:
    """A line in words, to be read aloud."""
    (first, start), (last, end) = line.finite[0], line.finite[-1]
    if first == last:
        return f"{line.label}: {svg_axes.short(start)} at step {first:,.0f}"
    return (
        f"{line.label}: from {svg_axes.short(start)} at step {first:,.0f} "
        f"to {svg_axes.short(end)} at step {last:,.0f}"
    )


def _line(
    line: Series, scale: svg_axes.Axes, best_step: float | None
) -> Markup:
    """A line with gaps where values are missing, and its dots."""
    runs = _runs(_thinned(line.points))
    alone = [run[0] for run in runs if len(run) == 1]
    if line.kind == "validation":
        few = len(line.finite) <= _MOST_DOTS
        alone += [p for p in line.finite if few or p[0] == best_step]
    dots = (_dot(point, line, scale, best_step) for point in sorted(set(alone)))
    return Markup('<g class="{}">{}{}</g>').format(
        line.kind, scale.curve(runs), Markup().join(dots)
    )


def _dot(
    point: Point, line: Series, scale: svg_axes.Axes, best_step: float | None
) -> Markup:
    x, y = point
    radius = 5 if x == best_step else 3
    said = f"{line.label}, step {x:,.0f}: {svg_axes.short(y)}"
    return Markup(
        '<circle cx="{}%" cy="{}%" r="{}"><title>{}</title></circle>'
    ).format(scale.x(x), scale.y(y), radius, said)


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Means of equally many neighbours, so that there are few enough."""
    size = math.ceil(len(points) / _MOST_POINTS)
    runs = (points[i : i + size] for i in range(0, len(points), size or 1))
    return [
        (sum(x for x, _ in run) / len(run), sum(y for _, y in run) / len(run))
        for run in runs
    ]


def _runs(points: Iterable[Point]) -> list[list[Point]]:
    """Cuts points where a value is not finite."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if math.isfinite(point[1]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
