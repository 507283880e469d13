"""Ticks, series and the SVG of curves."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from pipeline.pages import line_chart


def parsed(chart: line_chart.Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.render())


def paths(chart: line_chart.Chart) -> list[str]:
    return [path.get("d", "") for path in parsed(chart).iter("path")]


def line(*values: float, kind: str = "validation") -> line_chart.Series:
    points = tuple((10.0 * n, v) for n, v in enumerate(values, start=1))
    return line_chart.Series("Score", points, kind)


def test_series_takes_the_rows_that_have_the_key_in_order() -> None:
    rows: list[dict[str, float]] = [
        {"step": 20, "train/loss": 2.0},
        {"step": 10, "train/loss": 3.0},
        {"step": 20, "validation/loss": 9.0},
    ]
    taken = line_chart.series(rows, "train/loss", label="Training")
    assert taken.points == ((10.0, 3.0), (20.0, 2.0))


def test_higher_values_stand_higher() -> None:
    (path,) = paths(line_chart.Chart("t", [line(1.0, 3.0)]))
    (_, low), (_, high) = re.findall(r"([\d.]+),([\d.]+)", path)
    assert float(high) < float(low)


@pytest.mark.parametrize("score", [0.0, 1.4e-5])
def test_scores_written_like_zero_lie_on_the_axis(score: float) -> None:
    chart = line_chart.Chart("t", [line(score, score)], from_zero=True)
    labels = [text.text for text in parsed(chart).iter("text")]
    assert labels[:6] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]


def test_axes_are_labelled_and_end_with_the_training() -> None:
    chart = line_chart.Chart(
        "Loss", [line(1.0, 2.0)], from_zero=True, wide=True
    )
    labels = [text.text for text in parsed(chart).iter("text")]
    assert labels == [
        "0",
        "0.5",
        "1",
        "1.5",
        "2",
        "0",
        "5",
        "10",
        "15",
        "20",
        "step",
    ]


def test_one_point_is_drawn_as_a_dot() -> None:
    figure = parsed(line_chart.Chart("t", [line(2.5, kind="train")]))
    (dot,) = figure.iter("circle")
    assert dot.get("cx") == "100.0%"
    assert dot.findtext("title") == "Score, step 10: 2.5"


def test_missing_values_leave_a_gap_and_are_counted() -> None:
    chart = line_chart.Chart(
        "t", [line(1.0, 2.0, math.nan, 3.0, math.inf, 4.0)]
    )
    (path,) = paths(chart)
    assert path.count("M") == 3
    assert "nan" not in chart.render() and "inf" not in chart.render()
    assert "Not finite, left out: 2." in chart.render()


@pytest.mark.parametrize("values", [(), (math.nan, math.nan)])
def test_no_values_are_said_to_be_none(values: tuple[float, ...]) -> None:
    figure = parsed(line_chart.Chart("t", [line(*values)]))
    assert figure.find("svg") is None
    assert "No values." in "".join(figure.itertext())


def test_best_step_is_marked_with_its_value() -> None:
    figure = parsed(
        line_chart.Chart("t", [line(1.0, 4.0, 2.0)], best_step=20.0)
    )
    (mark,) = [e for e in figure.iter("line") if e.get("class") == "best"]
    assert mark.get("x1") == "66.67%"
    assert "4 at step 20" in "".join(figure.itertext())
    assert [dot.get("r") for dot in figure.iter("circle")] == ["3", "5", "3"]


def test_axis_goes_to_the_last_step_of_the_run() -> None:
    figure = parsed(line_chart.Chart("t", [line(1.0, 2.0)], last_step=40))
    assert [dot.get("cx") for dot in figure.iter("circle")] == [
        "25.0%",
        "50.0%",
    ]


def test_step_past_the_end_is_not_marked() -> None:
    chart = line_chart.Chart("t", [line(1.0, 4.0)], best_step=1000.0)
    assert 'class="best"' not in chart.render()


def test_long_runs_are_thinned_to_means() -> None:
    noisy = line(*([1.0, 3.0] * 2000), kind="train")
    (path,) = paths(line_chart.Chart("t", [noisy], from_zero=True))
    heights = re.findall(r",([\d.]+)", path)
    assert len(heights) == 400
    assert len(set(heights)) == 1


def test_wide_chart_names_its_lines() -> None:
    train = line_chart.Series("Training", ((1.0, 2.0),), "train")
    chart = line_chart.Chart("Loss", [train, line(2.0)], wide=True)
    key = parsed(chart).find("figcaption/p")
    assert key is not None and "".join(key.itertext()) == "TrainingScore"


def test_levels_are_dashed_lines_inside_the_frame() -> None:
    chart = line_chart.Chart(
        "t", [line(1.0, 2.0)], {"low": -3.0, "high": 9.0}, wide=True
    )
    levels = parsed(chart).find(".//g[@class='levels']")
    assert levels is not None
    heights = [float(e.get("y1", "")[:-1]) for e in levels.findall("line")]
    assert 0 <= heights[0] < heights[1] <= 100
    labels = [text.text for text in levels.iter("text")]
    assert labels == ["high 9", "low -3"]
    assert "at step 20; low -3; high 9" in chart.render()


def test_a_chart_without_lines_has_no_levels() -> None:
    chart = line_chart.Chart("t", [line(math.nan)], {"low": 1.0})
    assert "low" not in chart.render()


def test_wide_chart_says_each_lines_value_at_the_best_step() -> None:
    train = line_chart.Series("Training", ((10.0, 2.0),), "train")
    chart = line_chart.Chart(
        "Loss", [train, line(2.0, 1.5)], best_step=20.0, wide=True
    )
    key = parsed(chart).find("figcaption/p")
    assert key is not None
    assert "".join(key.itertext()) == "TrainingScore 1.5 at step 20"


def test_summary_is_read_aloud() -> None:
    figure = parsed(line_chart.Chart("t", [line(3.0, 1.5)]))
    svg = figure.find("svg")
    assert svg is not None and svg.get("role") == "img"
    assert svg.get("aria-label") == "Score: from 3 at step 10 to 1.5 at step 20"
