"""The learning curves: their levels, their words, and the page of their own."""

import logging
import pathlib

import pytest

from pipeline.card import facts
from pipeline.scoring import bleu
from tests.support import chromium, page_sample, toys
from tests.support.outline import Outline
from trainer.report import curves, glossary

LADDER = facts.LadderFacts("dev", 9, 9, 99, 7.8, 5.1, 3.6, 3.4)
FLOORS = facts.FloorFacts(
    "dev", 9, 9, "a dog", 0.12, 0.18, 0.035, 0.01, 14.0, 0.86
)
FEATURES = facts.FeatureFacts(9, 0.0, 1.0, 0.5, 0.5, 0, 0)
KNOWN = facts.Facts({}, 99, {}, FEATURES, LADDER, FLOORS, 0)

# Whether any two of a plot's texts overlap, or one leaves its card.
COLLISIONS = """
[...document.querySelectorAll('.plot')].flatMap(plot => {
  const card = plot.closest('.chart').getBoundingClientRect();
  const texts = [...plot.querySelectorAll('text')].map(
    text => [text.textContent, text.getBoundingClientRect()]);
  const cut = texts.filter(
    ([, box]) => box.right > card.right || box.left < card.left);
  const close = texts.filter(([, one], n) => texts.slice(n + 1).some(
    ([, other]) => one.left < other.right && other.left < one.right &&
      one.top + 2 < other.bottom && other.top + 2 < one.bottom));
  return [...cut, ...close].map(([said]) => said);
})"""


def test_levels_are_the_data_cards_losses_and_floors():
    assert curves.levels(KNOWN) == {
        "loss": {"uniform": 7.8, "unigram": 5.1, "bigram": 3.6, "trigram": 3.4},
        "cider_d": {"shuffled": 0.035, "constant": 0.12, "nearest": 0.18},
    }


def test_a_card_of_one_split_has_no_levels():
    known = facts.Facts({}, 99, {}, FEATURES, None, None, 0)
    assert curves.levels(known) == {}


def test_scores_with_levels_come_right_below_the_loss():
    rows = [
        {"step": 10, "train/loss": 3.0},
        {"step": 20, "validation/loss": 2.0, "validation/bleu_4": 0.1},
        {"step": 20, "validation/cider_d": 0.5},
    ]
    drawn = list(
        curves.Curves(
            rows, glossary=page_sample.GLOSSARY, levels=curves.levels(KNOWN)
        ).charts()
    )
    titles = [chart.title for chart in drawn]
    assert titles == ["Loss, nats per token", "CIDEr-D", "BLEU-4"]
    assert [chart.wide for chart in drawn] == [True, True, False]
    assert [len(chart.levels) for chart in drawn] == [4, 3, 0]
    assert [len(line.points) for line in drawn[0].lines] == [1, 1]


def test_the_best_step_follows_the_scores_direction():
    rows = [
        {"step": 10, "validation/wordiness": 3.0},
        {"step": 20, "validation/wordiness": 5.0},
    ]
    text = curves.Curves(
        rows,
        "wordiness",
        higher_is_better=False,
        glossary=glossary.Glossary([toys.Wordiness()]),
    ).page()
    assert "Step 10 is the best.</strong>Its validation Wordiness is 3." in text
    assert "The dotted line is step 10: the best validation Wordiness" in text
    assert "<dd>Words more than in the first reference.</dd>" in text
    assert "Dashed" not in text


def test_run_without_validation_marks_no_step():
    text = curves.Curves(
        [{"step": 5, "train/loss": 2.0}],
        "bleu_4",
        glossary=glossary.Glossary([bleu.BleuMetric()]),
    ).page()
    assert "No step is marked as best." in text
    assert "No validation BLEU-4 was recorded: no step is marked." in text
    assert 'class="best"' not in text


def test_run_of_no_rows_says_so():
    text = curves.Curves().page()
    assert "metrics.jsonl has no rows." in text
    assert Outline(text).open == []


def test_the_results_page_shows_the_very_same():
    section = page_sample.learning_curves().section()
    assert section.count("<figure") == 3
    assert section in page_sample.learning_curves().page()
    assert section in page_sample.full_page().render()


def test_the_page_is_written_and_a_failure_is_logged(tmp_path, caplog):
    caplog.set_level(logging.ERROR, logger="trainer")
    drawn = page_sample.learning_curves()
    curves.write(str(tmp_path), drawn)
    assert (tmp_path / "curves.html").read_text() == drawn.page()
    assert not caplog.messages
    curves.write(str(tmp_path / "missing"), drawn)
    assert caplog.messages[0].startswith(
        f"can't write {tmp_path}/missing/curves.html: "
    )


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_labels_neither_collide_nor_leave_their_card(
    browser: chromium.Chromium, tmp_path: pathlib.Path, width: int
) -> None:
    path = tmp_path / "curves.html"
    crowded = {
        "loss": {"uniform": 7.83, "bigram": 1.83, "trigram": 1.82},
        "cider_d": {"shuffled": 0.00352, "constant": 0.0041, "nearest": 0.012},
    }
    rows = page_sample.metrics_rows()
    drawn = curves.Curves(rows, glossary=page_sample.GLOSSARY, levels=crowded)
    path.write_text(drawn.page(), encoding="utf-8")
    browser.open(path, width=width)
    assert browser.value("document.querySelectorAll('.plot text').length") > 30
    assert browser.value(COLLISIONS) == []
    assert browser.value("document.documentElement.scrollWidth") <= width
