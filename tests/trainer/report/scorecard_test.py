"""Cards: numbers, bars, and what they are said to mean."""

import math
import re

import pytest

from trainer.evaluation import baselines
from trainer.report import scorecard


def card(score: baselines.Score) -> str:
    return scorecard.cards({"cider_d": score}, {})


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
    text = scorecard.cards({}, {"mode_share": habit})
    assert remark in text and f'class="card {kind}"' in text
    assert "<td>2.00%</td>" in text and "<td>5.00%</td>" in text


def test_habit_without_a_limit_is_not_judged() -> None:
    text = scorecard.cards({}, {"mode_share": scorecard.Habit(0.06)})
    assert "healthy" not in text.lower() and "People" not in text
    assert "<td>6.00%</td>" in text


def test_no_scores_make_no_cards() -> None:
    assert scorecard.cards({}, {}) == ""


def test_names_of_known_and_unknown_scores() -> None:
    assert scorecard.name("cider_d") == "CIDEr-D"
    assert scorecard.name("true_share") == "True share"


def test_definitions_come_once_and_in_order() -> None:
    keys = ["bleu_4", "unheard_of", "cider_d", "bleu_4"]
    found = scorecard.definitions(keys)
    assert [name for name, _ in found] == ["BLEU-4", "CIDEr-D"]
    assert all(text.endswith(".") for _, text in found)
    assert "up to 4 words" in found[0][1]
