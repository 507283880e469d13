"""The range test's page loads nothing."""

import math
import re

from tests.support.outline import Outline
from trainer.report import range_test_page
from trainer.training import rate_sweep


def page(losses: list[float]) -> str:
    trial = rate_sweep.Trial(lambda: 1.0)
    for number, loss in enumerate(losses):
        trial.take(10.0 ** (number - 4), loss)
    return range_test_page.render(trial)


def test_both_losses_and_the_suggestion_are_drawn():
    text = page([4.0, 3.0, 2.0, 3.0, 90.0])
    assert Outline(text).open == []
    assert len(re.findall(r"<path ", text)) == 2
    assert text.count('class="best"') == 1
    # The lowest is at 1e-2, and a tenth of it stands on the axis.
    assert "<strong>Suggested: AdamW.learning_rate = 0.001</strong>" in text
    assert ">1e-3</text>" in text


def test_what_diverges_is_cut_off_inside_of_the_frame():
    text = page([4.0, 3.0, 2.0, 3.0, 1e9])
    heights = [float(y) for y in re.findall(r"[ML][-\d.]+,([-\d.]+)", text)]
    assert 0 <= min(heights) <= max(heights) <= 1000


def test_no_number_at_all_is_said():
    text = page([math.nan])
    assert "No loss was a number." in text
    assert Outline(text).open == []


def test_losses_that_are_alike_have_a_frame():
    assert Outline(page([2.0, 2.0])).open == []
