"""The learning curves of a run as one picture, `curves.png`."""

import dataclasses
import io
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from pipeline.card import facts
from pipeline.pages import line_chart, svg_axes
from trainer.report import glossary as glossary_lib

_LOG = logging.getLogger(__name__)
FILE = "curves.png"
# Drawn twice as large, and made smaller, for smooth lines.
_FINE = 2
_WIDTH, _HEIGHT = 1000, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 44, 40
_INK, _PALE, _GRID = (35, 38, 44), (120, 125, 134), (228, 230, 234)
_COLOURS = {"train": (118, 152, 204), "validation": (24, 84, 166)}
_FLOOR = (176, 92, 40)
_MOST_POINTS, _MOST_DOTS = 400, 60


@dataclasses.dataclass(frozen=True)
class Panel:
    """Lines over steps, and levels that they should pass.

    Attributes:
      title: with the unit.
      lines: drawn in order; points that are no numbers are left out.
      levels: label -> value, each a dashed line.
    """

    title: str
    lines: Sequence[line_chart.Series]
    levels: Mapping[str, float]


def panels(
    rows: Sequence[Mapping[str, float]],
    *,
    select_by: str,
    glossary: glossary_lib.Glossary,
    known: facts.Facts | None,
) -> list[Panel]:
    """The loss, and the score that picks the best.

    Args:
      rows: of `metrics.jsonl`.
      select_by: name of the score.
      glossary: the words for the score.
      known: of the data card: what losses need no image, and what CIDEr-D
        needs no captioner.
    """
    ladder, floors = known and known.ladder, known and known.floors
    losses, scores = {}, {}
    if ladder:
        rungs = ("uniform", "unigram", "bigram", "trigram")
        losses = {rung: getattr(ladder, rung) for rung in rungs}
    if floors and select_by == "cider_d":
        scores = {
            "shuffled images": floors.permuted,
            "one caption": floors.constant,
            "nearest image": floors.nearest,
        }
    loss = [
        line_chart.series(rows, f"{kind}/loss", label=kind, kind=kind)
        for kind in ("train", "validation")
    ]
    score = line_chart.series(
        rows, f"validation/{select_by}", label="validation"
    )
    return [
        Panel("Loss, nats per token", loss, losses),
        Panel(f"{glossary.label(select_by)} of captions", [score], scores),
    ]


def write(run_dir: str, drawn: Sequence[Panel]) -> None:
    """Writes the picture; a run that has no room for it ends without."""
    path = os.path.join(run_dir, FILE)
    try:
        with tf.io.gfile.GFile(path, "wb") as file:
            file.write(draw(drawn))
    except (OSError, tf.errors.OpError) as error:
        _LOG.error("can't write %s: %s", path, error)


def draw(drawn: Sequence[Panel]) -> bytes:
    """A PNG, 1,000 pixels wide, of panels one above the other."""
    size = (_WIDTH * _FINE, _HEIGHT * _FINE * len(drawn))
    sheet = Image.new("RGB", size, "white")
    for number, panel in enumerate(drawn):
        _Frame(sheet, number * _HEIGHT, panel).draw()
    file = io.BytesIO()
    sheet = sheet.resize((_WIDTH, _HEIGHT * len(drawn)), Image.Resampling.BOX)
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


class _Frame:
    """One panel's place on the sheet."""

    def __init__(self, sheet: Image.Image, top: int, panel: Panel):
        self._pen, self._top, self._panel = ImageDraw.Draw(sheet), top, panel
        self._lines = [line for line in panel.lines if line.finite]
        values = [y for line in self._lines for _, y in line.finite]
        values += panel.levels.values()
        self._up = svg_axes.ticks(
            min(values, default=0), max(values, default=1), most=6
        )
        steps = [line.points[-1][0] for line in self._lines]
        self._last = max(steps, default=1)

    def draw(self) -> None:
        """Title, grid, levels, lines, and labels that keep apart."""
        self._text(_LEFT, 14, self._panel.title, 16, _INK)
        if not self._lines:
            self._text(_LEFT, _TOP, "No values.", 13, _PALE)
            return
        self._grid()
        labels: list[tuple[float, str, Any]] = []
        for label, value in self._panel.levels.items():
            self._dashed(self._y(value))
            said = f"{label} {svg_axes.short(value)}"
            labels.append((self._y(value), said, _FLOOR))
        for line in self._lines:
            colour = _COLOURS[line.kind]
            self._curve(line, colour)
            said = f"{line.label} {svg_axes.short(line.finite[-1][1])}"
            labels.append((self._y(line.finite[-1][1]), said, colour))
        below = -1.0
        for y, said, colour in sorted(labels):
            below = max(y - 8, below)
            self._text(_WIDTH - _RIGHT + 8, below, said, 13, colour)
            below += 16

    def _grid(self) -> None:
        for value in self._up:
            y, said = self._y(value), f"{value:,.6g}"
            self._line([(_LEFT, y), (_WIDTH - _RIGHT, y)], _GRID, 1)
            self._text(_LEFT - 8, y, said, 13, _PALE, "rm")
        foot = _HEIGHT - _BOTTOM
        for step in svg_axes.ticks(0, self._last, most=8):
            if step <= self._last and step.is_integer():
                said = svg_axes.count_label(step)
                self._text(self._x(step), foot + 8, said, 13, _PALE, "ma")
        self._text(_WIDTH - _RIGHT + 28, foot + 8, "step", 13, _PALE)

    def _curve(self, line: line_chart.Series, colour: Any) -> None:
        points = [(self._x(x), self._y(y)) for x, y in _thinned(line.finite)]
        bold = line.kind == "validation"
        self._line(points, colour, 2.5 if bold else 1.2)
        dotted = len(points) == 1 or (bold and len(points) <= _MOST_DOTS)
        for x, y in points if dotted else ():
            box = [v * _FINE for v in (x - 3, self._top + y - 3)]
            box += [v * _FINE for v in (x + 3, self._top + y + 3)]
            self._pen.ellipse(box, colour)

    def _dashed(self, y: float) -> None:
        for left in range(_LEFT, _WIDTH - _RIGHT, 10):
            self._line([(left, y), (left + 5, y)], _FLOOR, 1)

    def _line(
        self, points: Sequence[line_chart.Point], colour: Any, width: float
    ) -> None:
        placed = [(x * _FINE, (self._top + y) * _FINE) for x, y in points]
        self._pen.line(placed, colour, round(width * _FINE), "curve")

    def _text(
        self,
        x: float,
        y: float,
        said: str,
        size: int,
        colour: Any,
        anchor: str = "la",
    ) -> None:
        font = ImageFont.load_default(size * _FINE)
        place = (x * _FINE, (self._top + y) * _FINE)
        self._pen.text(place, said, colour, font, anchor)

    def _x(self, step: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / self._last

    def _y(self, value: float) -> float:
        low, high = self._up[0], self._up[-1]
        tall = _HEIGHT - _TOP - _BOTTOM
        return _TOP + tall * (high - value) / (high - low)


def _thinned(points: Sequence[line_chart.Point]) -> list[line_chart.Point]:
    """Few enough at equal distances, the last among them."""
    return list(points[::-1][:: -(-len(points) // _MOST_POINTS)])[::-1]
