"""Cards of numbers and bars."""

import math
import re
import xml.etree.ElementTree as ElementTree

from pipeline.pages import bars

ROWS = [
    bars.Bar("own", 2.0, "own"),
    bars.Bar("half", 1.0),
    bars.Bar("unknown", None),
    bars.Bar("broken", math.nan),
    bars.Bar("below", -1.0),
]


def test_bars_are_as_long_as_their_values() -> None:
    widths = re.findall(r"width:([\d.]+)%", bars.card("t", ROWS, form="{:.1f}"))
    assert widths == ["100.0", "50.0", "0.0"]


def test_a_value_that_is_written_like_zero_has_no_bar() -> None:
    rows = [bars.Bar("own", 4e-4), bars.Bar("floor", 2e-5)]
    assert "width" not in bars.card("t", rows, form="{:.3f}")
    rows.append(bars.Bar("one", 6e-4))
    assert bars.card("t", rows, form="{:.3f}").count("width") == 1


def test_lines_without_a_value_are_left_out_and_broken_ones_said() -> None:
    drawn = ElementTree.fromstring(bars.card("t", ROWS, form="{:.1f}"))
    lines = ["".join(row.itertext()) for row in drawn.iter("tr")]
    assert lines == ["own2.0", "half1.0", "brokennot a number", "below-1.0"]


def test_text_is_escaped() -> None:
    row = bars.Bar("<b>&</b>", 1.0)
    drawn = ElementTree.fromstring(
        bars.card('<i>"', [row], form="{:.0%}", remark="<u>")
    )
    assert "".join(drawn.itertext()) == '<i>"<u><b>&</b>100%'


def test_the_longest_bar_is_the_largest_finite_value() -> None:
    rows = [bars.Bar("endless", math.inf), *ROWS]
    widths = re.findall(r"width:([\d.]+)%", bars.card("t", rows, form="{:.1f}"))
    assert widths == ["100.0", "50.0", "0.0"]
