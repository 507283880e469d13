"""Plots of a record set's facts, as inline SVG."""

import itertools
import math

import numpy as np
from markupsafe import Markup

from pipeline.card.facts import FloorFacts, Histogram
from pipeline.pages import document, svg_axes
from pipeline.recordset import vocabulary as vocabulary_lib

_MOST_BINS = 50
_CURVE_POINTS = 120
# With a smaller span a single value's bar would be as wide as the plot.
_LEAST_SPAN = 5


def histogram(
    title: str, rows: Histogram, *, unit: str, counted: str
) -> Markup:
    """Draws bars over whole numbers; many neighbours share a bar.

    Args:
      title: the plot's heading.
      rows: (value, count), at least one.
      unit: the values' unit.
      counted: what is counted, in the plural.
    """
    low, high = rows[0][0], rows[-1][0]
    size = math.ceil((high - low + 1) / _MOST_BINS)
    bins = [
        (first, sum(count for _, count in members))
        for first, members in itertools.groupby(
            rows, key=lambda row: row[0] - (row[0] - low) % size
        )
    ]
    up = svg_axes.ticks(0, max(count for _, count in bins), most=4)
    left, right = low - 0.5, bins[-1][0] + size - 0.5
    room = max(0.0, (_LEAST_SPAN - right + left) / 2)
    frame = svg_axes.Axes(
        left=left - room, right=right + room, low=0, high=up[-1]
    )
    across = [x for x in svg_axes.ticks(low, high, most=6) if x.is_integer()]
    grid = frame.grid(
        [(y, svg_axes.count_label(y)) for y in up],
        [(x, f"{x:g}") for x in across if low <= x <= high],
        unit=unit,
    )
    marks = Markup().join(_bar(frame, bin_, size, counted) for bin_ in bins)
    total = sum(count for _, count in rows)
    mean = sum(value * count for value, count in rows) / total
    said = f"{mean:.3g} {unit} on average"
    said += f", {low:,} to {high:,}" if low < high else ""
    return svg_axes.figure(
        title,
        svg_axes.plot(grid + marks, said=said),
        key=svg_axes.key(said),
    )


def _bar(
    frame: svg_axes.Axes, bin_: tuple[int, int], size: int, counted: str
) -> Markup:
    first, count = bin_
    left, right = frame.x(first - 0.5), frame.x(first + size - 0.5)
    top = frame.y(count)
    values = f"{first}" if size == 1 else f"{first} to {first + size - 1}"
    return Markup(
        '<rect x="{}%" y="{}%" width="{:.2f}%" height="{:.2f}%">'
        "<title>{}: {:,} {}</title></rect>"
    ).format(left, top, right - left, 100 - top, values, count, counted)


def coverage(vocabulary: vocabulary_lib.Vocabulary) -> Markup:
    """Plots which share of all train words the most frequent words make up."""
    counts = vocabulary.counts[len(vocabulary_lib.SPECIAL) :]
    unknown = int(vocabulary.counts[vocabulary_lib.UNK])
    shares = np.cumsum(counts) / max(counts.sum() + unknown, 1)
    ranks = np.unique(
        np.geomspace(1, max(len(counts), 1), _CURVE_POINTS).astype(int)
    )[: len(counts)]
    # The logarithmic axis of a single word would have no width.
    frame = svg_axes.Axes(right=math.log10(max(len(counts), 2)), low=0, high=1)
    grid = frame.grid(
        [(y, f"{y:.0%}") for y in (0, 0.25, 0.5, 0.75, 1)],
        [
            (power, svg_axes.count_label(10**power))
            for power in range(math.ceil(frame.right))
        ],
        unit="most frequent words",
    )
    points = [(math.log10(rank), float(shares[rank - 1])) for rank in ranks]
    covered = shares[-1] if len(counts) else 0.0
    said = f"{len(counts):,} words cover {covered:.1%} of the captions' words"
    curve = frame.curve([points]) if points else ""
    line = Markup('<g class="validation">{}</g>').format(curve)
    return svg_axes.figure(
        "Coverage of the vocabulary",
        svg_axes.plot(grid + line, said=said),
        key=svg_axes.key(said),
    )


def pairing(floors: FloorFacts) -> Markup:
    """Plots the score of true pairs against the scores of permuted pairs.

    The latter are drawn as the normal distribution that they tend to (Hoeffding
    1951).
    """
    mean, deviation = floors.permuted, floors.permuted_deviation
    around = np.linspace(mean - 4 * deviation, mean + 4 * deviation, 81)
    heights = np.exp(-0.5 * ((around - mean) / (deviation or 1)) ** 2)
    span = svg_axes.ticks(
        min(around[0], floors.nearest, 0),
        max(around[-1], floors.nearest),
        most=6,
    )
    frame = svg_axes.Axes(left=span[0], right=span[-1], low=0, high=1.15)
    grid = frame.grid([(0, "")], [(x, f"{x:g}") for x in span], unit="CIDEr-D")
    bell = frame.curve([list(zip(around, heights, strict=True))])
    x = frame.x(floors.nearest)
    line = svg_axes.mark(x, "true")
    said = (
        f"True pairs score {floors.nearest:.3f}, permuted pairs {mean:.3f} ± "
        f"{deviation:.3f}"
    )
    if floors.pairing_z is not None:
        said += f", z = {floors.pairing_z:.1f}"
    key = svg_axes.key(
        Markup(
            '<span class="validation"><i></i>true pairs</span>'
            "<span><i></i>permuted pairs</span>"
        )
    )
    return svg_axes.figure(
        "Do captions belong to their images?",
        svg_axes.plot(grid + bell + line, said=said)
        + document.note(f"{said}."),
        key=key,
        wide=True,
    )
