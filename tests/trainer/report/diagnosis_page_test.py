"""The page of a diagnosis."""

import html
import re

import pytest

from pipeline.card.suspicious_pairs import Pair
from tests.support import evidence as sound
from trainer.diagnosis import doctor
from trainer.diagnosis.comparison import Comparison, Scores
from trainer.report import diagnosis_page


def rendered(**changes) -> str:
    given = sound.evidence(**changes)
    return diagnosis_page.render(doctor.diagnose(given), given, [], {})


def text(page: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", body))


def test_causes_stand_with_evidence_and_cure() -> None:
    page = rendered(data=sound.wrong_pairs(0.5))
    assert page.startswith("<!doctype html>")
    assert 'class="verdict suspicious"' in page
    shown = text(page)
    assert "1. Captions do not belong to their images." in shown
    assert "about 50% of the pairs (45% to 55%)" in shown
    assert "pairs that you look at all fit" in shown
    assert "join captions with images by id" in shown
    assert "<script" not in page


def test_paths_and_losses_are_bars() -> None:
    shown = text(rendered())
    assert "Nothing that was measured speaks for a fault." in shown
    assert re.search(r"another image\s+\+1.870", shown)
    assert re.search(r"in the log\s+0.957", shown)
    assert re.search(r"trigram, no image\s+1.650", shown)


def test_a_treatment_stands_with_scores_before_and_after() -> None:
    given = sound.evidence()
    before, after = (
        Scores(text, 180, cider_d, 0.3, 0.5, 0.02)
        for text, cider_d in (("It was bad.", 0.31), ("It is good.", 2.7))
    )
    page = diagnosis_page.render(
        doctor.diagnose(given),
        given,
        [],
        {},
        Comparison("r-cured", ("A.b < 1",), ("# and <this>",), before, after),
    )
    shown = text(page)
    assert "Made in r-cured, which has a page of its own. It is good." in shown
    assert re.search(r"CIDEr-D\s+0.31 → 2.70", shown)
    assert "A.b < 1" in shown and "# and <this>" in shown


def test_the_most_suspicious_pairs_stand_with_their_pictures() -> None:
    given = sound.evidence(data=sound.wrong_pairs(0.5))
    pairs = {
        Pair(0.01, "a<b.jpg", ("a dog runs", "dogs")): b"jpeg",
        Pair(0.02, "c.jpg", ("a cat",)): b"",
    }
    page = diagnosis_page.render(doctor.diagnose(given), given, [], pairs)
    assert page.count('<img src="data:image/jpeg;base64,anBlZw=="') == 1
    shown = re.sub(r"\s+", " ", text(page))
    assert "a<b.jpg a dog runs dogs c.jpg a cat" in shown
    assert "All of them: suspicious_pairs.jsonl" in shown


@pytest.mark.parametrize("missing", ["learning", "validation", "said", "data"])
def test_what_is_missing_is_left_out(missing: str) -> None:
    assert rendered(**{missing: None}).endswith("</html>\n")
