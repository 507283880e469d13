"""Ticks, labels, and where values stand in the frame."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from markupsafe import Markup

from pipeline.pages import svg_axes


@pytest.mark.parametrize("most", [2, 3, 5, 8])
def test_ticks_enclose_any_range_in_round_steps(most: int) -> None:
    generator = np.random.default_rng(1)
    for _ in range(300):
        low, high = np.sort(
            generator.normal(size=2) * 10.0 ** generator.integers(-6, 7)
        )
        marks = svg_axes.ticks(low, high, most=most)
        assert marks[0] <= low and marks[-1] >= high
        assert 2 <= len(marks) <= most + 1
        step = marks[1] - marks[0]
        assert f"{step:.3e}"[:5] in ("1.000", "2.000", "5.000")


@pytest.mark.parametrize("value", [0.0, 3.5, -2.0, 1e-9, 1e9])
def test_ticks_of_one_value_surround_it(value: float) -> None:
    marks = svg_axes.ticks(value, value, most=5)
    assert marks[0] < value < marks[-1]


@pytest.mark.parametrize(
    ("count", "label"),
    [(0, "0"), (1200, "1,200"), (20_000, "20k"), (1_500_000, "1.5M")],
)
def test_count_labels_are_short(count: float, label: str) -> None:
    assert svg_axes.count_label(count) == label


def test_values_stand_between_the_edges() -> None:
    frame = svg_axes.Axes(left=10, right=20, low=-1, high=3)
    assert [frame.x(value) for value in (10, 15, 20)] == [0, 50, 100]
    assert [frame.y(value) for value in (3, 1, -1)] == [0, 50, 100]


def test_grid_labels_lines_and_columns_and_escapes() -> None:
    frame = svg_axes.Axes(right=4, low=0, high=2)
    grid = frame.grid([(0, "0"), (2, "<2>")], [(4, "4 & up")], unit="wo<rds")
    drawn = ElementTree.fromstring(f"<svg>{grid}</svg>")
    assert [text.text for text in drawn.iter("text")] == [
        "0",
        "<2>",
        "4 & up",
        "wo<rds",
    ]
    assert [line.get("y1") for line in drawn.iter("line")] == ["100.0%", "0.0%"]


def test_curve_begins_anew_after_a_gap() -> None:
    frame = svg_axes.Axes(right=10, low=0, high=10)
    drawn = frame.curve([[(0, 0), (5, 10)], [(10, 5)]])
    (path,) = ElementTree.fromstring(drawn).iter("path")
    assert path.get("d") == "M0,1000L500,0M1000,500"


@pytest.mark.parametrize(
    ("values", "beside"),
    [
        ([8, 2], [20.0, 80.0]),
        # Neighbours are a line of text apart, and none is below the frame.
        ([8, 7.9, 7.8], [20.0, 30.0, 40.0]),
        ([8, 0.1, 0], [20.0, 90.0, 100.0]),
    ],
)
def test_labels_of_levels_keep_apart(
    values: list[float], beside: list[float]
) -> None:
    frame = svg_axes.Axes(right=1, low=0, high=10)
    marks = [(value, f"<{value}>") for value in values]
    drawn = ElementTree.fromstring(frame.levels(marks, height=150))
    texts = [float(text.get("y", "")[:-1]) for text in drawn.iter("text")]
    assert texts == pytest.approx(beside)
    lines = [line.get("y1") for line in drawn.findall("line")]
    assert lines == [f"{frame.y(value)}%" for value in values]
    assert [text.text for text in drawn.iter("text")] == [t for _, t in marks]


def test_plot_has_a_height_and_is_read_aloud() -> None:
    drawn = ElementTree.fromstring(
        svg_axes.plot(Markup("<line/>"), said='"a" < b', height=99)
    )
    assert drawn.get("height") == "99"
    assert drawn.get("aria-label") == '"a" < b'
    assert [part.tag for part in drawn] == ["line"]


def test_figure_escapes_its_title() -> None:
    drawn = ElementTree.fromstring(
        svg_axes.figure("a < b", Markup("<p/>"), wide=True)
    )
    assert drawn.get("class") == "chart wide"
    assert drawn.findtext("figcaption/h3") == "a < b"
