"""The data card's plots, by what stands in their SVG."""

import dataclasses
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from pipeline.card.facts import Histogram
from pipeline.card.page import plots
from tests.support import card_sample, fixtures


def drawn(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def bars(rows: Histogram) -> list[tuple[str, float]]:
    """What each bar says, and its height in percent."""
    figure = drawn(plots.histogram("t", rows, unit="u", counted="captions"))
    return [
        (bar.findtext("title", ""), float(bar.get("height", "").rstrip("%")))
        for bar in figure.iter("rect")
    ]


def test_bars_are_as_high_as_their_counts() -> None:
    assert bars(((3, 10), (4, 40), (6, 20))) == [
        ("3: 10 captions", 25),
        ("4: 40 captions", 100),
        ("6: 20 captions", 50),
    ]


def test_neighbours_share_a_bar_where_there_are_many() -> None:
    found = bars(tuple((value, 1) for value in range(1, 121)))
    assert len(found) == 40
    assert found[0][0] == "1 to 3: 3 captions"
    assert found[-1][0] == "118 to 120: 3 captions"


def test_one_value_is_a_narrow_bar_and_no_range() -> None:
    text = plots.histogram("t", ((5, 9),), unit="captions", counted="images")
    (bar,) = drawn(text).iter("rect")
    assert bar.get("width") == "20.00%"
    assert "5 captions on average</p>" in text


def test_mean_and_range_are_said() -> None:
    text = plots.histogram("t", ((2, 1), (5, 2)), unit="words", counted="c")
    assert "4 words on average, 2 to 5" in text


def test_coverage_rises_to_the_share_of_known_words() -> None:
    vocabulary = fixtures.count_words(["a a a b b c"])
    vocabulary.counts[1] = 2  # Unknown.
    figure = drawn(plots.coverage(vocabulary))
    said = "".join(figure.itertext())
    assert "3 words cover 75.0% of the captions' words" in said
    (path,) = figure.iter("path")
    heights = [
        1 - float(y) / 1000 for y in re.findall(r",([\d.]+)", path.get("d", ""))
    ]
    np.testing.assert_allclose(heights, [3 / 8, 5 / 8, 6 / 8], atol=1e-3)


@pytest.mark.parametrize("captions", [[], ["word"]])
def test_coverage_of_hardly_any_words_is_drawn(captions: list[str]) -> None:
    text = plots.coverage(fixtures.count_words(captions))
    assert f"{len(captions)} words cover" in "".join(drawn(text).itertext())
    assert "nan" not in text


def place(text: str) -> tuple[float, float]:
    """Where the true pairs and the middle of the permuted ones stand."""
    figure = drawn(text)
    (line,) = [e for e in figure.iter("line") if e.get("class") == "true"]
    (path,) = figure.iter("path")
    across = [float(x) for x in re.findall(r"[ML]([\d.]+),", path.get("d", ""))]
    return float(line.get("x1", "").rstrip("%")), np.mean(across) / 10


def test_true_pairs_stand_to_the_right_of_permuted_ones() -> None:
    floors = card_sample.FACTS.floors
    assert floors is not None
    text = plots.pairing(floors)
    true, permuted = place(text)
    assert (true, permuted) == (
        pytest.approx(100 * 0.28 / 0.3, abs=0.1),
        pytest.approx(100 * 0.06 / 0.3, abs=0.1),
    )
    said = "True pairs score 0.280, permuted pairs 0.060 ± 0.007, z = 31.4."
    assert said in text


def test_permuted_pairs_that_never_differ_are_drawn() -> None:
    floors = card_sample.FACTS.floors
    assert floors is not None
    same = dataclasses.replace(
        floors,
        nearest=0.0,
        permuted=0.0,
        permuted_deviation=0.0,
        pairing_z=None,
    )
    assert "z =" not in plots.pairing(same)
    true, permuted = place(plots.pairing(same))
    assert true == permuted
