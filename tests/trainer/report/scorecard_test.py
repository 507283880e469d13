"""Cards: numbers, bars, and what is said of them."""

import math
import re

import pytest

from tests.support import toys
from trainer.evaluation import baselines
from trainer.report import glossary, scorecard


def card(score: baselines.Score) -> str:
    return scorecard.cards({"cider_d": score}, {}, glossary.Glossary())


def habits(habit: scorecard.Habit) -> str:
    return scorecard.cards({}, {"mode_share": habit}, glossary.Glossary())


def widths(text: str) -> list[float]:
    return [float(w) for w in re.findall(r"width:([\d.]+)%", text)]


def test_model_stands_beside_both_floors() -> None:
    text = card(baselines.Score(1.6, 0.4, 0.2))
    values = re.findall(r"<td>(.+?)</td>", text)
    assert values == ["1.600", "0.400", "0.200"]
    assert widths(text) == [100, 25, 12.5]
    assert "1.200 above its best floor" in text
    assert 'class="card good"' in text


def test_model_below_a_floor_is_said_and_coloured() -> None:
    text = card(baselines.Score(0.2, 0.4, 0.1))
    assert "0.200 below its best floor" in text
    assert 'class="card bad"' in text
    assert widths(text) == [50, 100, 25]


def test_collapsed_model_is_level_with_its_shuffled_captions() -> None:
    text = card(baselines.Score(0.4, 0.3, 0.4))
    assert "level with its best floor" in text
    assert 'class="card bad"' in text


def test_fewer_are_better_where_the_metric_says_so() -> None:
    text = scorecard.cards(
        {"wordiness": baselines.Score(0.5, 2.0, 3.0)},
        {},
        glossary.Glossary([toys.Wordiness()]),
    )
    assert "<h3>Wordiness" in text
    assert "1.500 below its best floor" in text
    assert 'class="card good"' in text


def test_people_and_the_interval_are_told() -> None:
    text = card(baselines.Score(1.6, 0.4, 0.2, 2.0, (1.5, 1.71)))
    assert re.findall(r"<td>(.+?)</td>", text)[-1] == "2.000"
    assert "above its best floor; 95 % interval 1.500 to 1.710" in text


def test_wording_has_no_floor_and_is_not_judged() -> None:
    text = card(baselines.Score(0.3, None, None, 0.2, (0.25, 0.35)))
    assert re.findall(r"<td>(.+?)</td>", text) == ["0.300", "0.200"]
    assert "its best floor" not in text
    assert "95 % interval 0.250 to 0.350</p>" in text
    assert 'class="card"' in text


def test_score_that_is_no_number_has_no_bar() -> None:
    text = card(baselines.Score(math.nan, 0.4, 0.1))
    assert "not a number" in text
    assert len(widths(text)) == 2
    assert "floor</p>" not in text


def test_zero_scores_have_no_bars() -> None:
    assert widths(card(baselines.Score(0.0, 0.0, 0.0))) == []


@pytest.mark.parametrize(
    ("model", "remark", "kind"),
    [
        (0.05, "within the healthy limit", "good"),
        (0.06, "above the healthy limit", "bad"),
    ],
)
def test_habit_is_judged_by_its_limit(
    model: float, remark: str, kind: str
) -> None:
    habit = scorecard.Habit(model, references=0.02, limit=0.05)
    text = habits(habit)
    assert remark in text and f'class="card {kind}"' in text
    assert "<td>2.00%</td>" in text and "<td>5.00%</td>" in text


def test_habit_without_a_limit_is_not_judged() -> None:
    text = habits(scorecard.Habit(0.06))
    assert "healthy" not in text.lower() and "People" not in text
    assert "<td>6.00%</td>" in text


def test_no_scores_make_no_cards() -> None:
    assert scorecard.cards({}, {}, glossary.Glossary()) == ""
