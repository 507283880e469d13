"""The picture of the curves, by its panels and by its pixels."""

import io
import logging
import math

import numpy as np
import pytest
from PIL import Image

from pipeline.card import facts
from pipeline.pages import line_chart
from tests.support.page_sample import GLOSSARY, metrics_rows
from trainer.report import curves

LADDER = facts.LadderFacts("dev", 9, 9, 99, 7.8, 5.1, 3.6, 3.4)
FLOORS = facts.FloorFacts(
    "dev", 9, 9, "a dog", 0.12, 0.18, 0.035, 0.01, 14.0, 0.86
)
FEATURES = facts.FeatureFacts(9, 0.0, 1.0, 0.5, 0.5, 0, 0)
KNOWN = facts.Facts({}, 99, {}, FEATURES, LADDER, FLOORS, 0)


def pixels(*drawn: curves.Panel) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(curves.draw(drawn)))).astype(int)


def blue(drawn: np.ndarray) -> np.ndarray:
    """Where the validation line is, [height, width]."""
    return (drawn[..., 2] - drawn[..., 0] > 100) & (drawn[..., 0] < 60)


def line(*values: float) -> line_chart.Series:
    points = tuple((10.0 * n, v) for n, v in enumerate(values, start=1))
    return line_chart.Series("validation", points)


def test_loss_stands_beside_the_ladder_and_the_score_beside_its_floors():
    loss, score = curves.panels(
        metrics_rows(), select_by="cider_d", glossary=GLOSSARY, known=KNOWN
    )
    assert [each.kind for each in loss.lines] == ["train", "validation"]
    assert loss.levels == {
        "uniform": 7.8,
        "unigram": 5.1,
        "bigram": 3.6,
        "trigram": 3.4,
    }
    assert score.title == "CIDEr-D of captions"
    assert score.lines[0].points[0] == (100, 0.2)
    assert score.levels == {
        "shuffled images": 0.035,
        "one caption": 0.12,
        "nearest image": 0.18,
    }


def test_what_is_not_known_has_no_levels():
    drawn = curves.panels(
        metrics_rows(), select_by="cider_d", glossary=GLOSSARY, known=None
    )
    assert [panel.levels for panel in drawn] == [{}, {}]
    bleu = curves.panels(
        metrics_rows(), select_by="bleu_4", glossary=GLOSSARY, known=KNOWN
    )[1]
    assert bleu.levels == {}


def test_a_falling_line_falls():
    drawn = blue(pixels(curves.Panel("Loss", [line(4, 3, 2, 1)], {})))
    rows, columns = np.nonzero(drawn[:, :850])
    assert drawn.shape == (380, 1000)
    assert np.corrcoef(rows, columns)[0, 1] > 0.99


def test_a_level_goes_across_at_its_height():
    panel = curves.Panel("Loss", [line(4, 1)], {"bigram": 2.5})
    drawn = pixels(panel)[..., :]
    brown = (drawn[..., 0] - drawn[..., 2] > 60)[:, 64:850]
    (height,) = np.nonzero(brown.sum(axis=1) > 300)[0]
    # Half-way between the line's ends.
    rows = np.nonzero(blue(drawn)[:, 64:850])[0]
    assert height == pytest.approx((rows.min() + rows.max()) / 2, abs=3)


def test_values_that_are_none_are_left_out():
    panel = curves.Panel("Loss", [line(4, math.nan, math.inf, 1)], {})
    assert blue(pixels(panel)).any()
    nothing = pixels(curves.Panel("Loss", [line(math.nan)], {"bigram": 3.6}))
    assert not blue(nothing).any()


def test_a_long_run_keeps_its_last_point():
    values = [5.0] * 3999 + [1.0]
    end = blue(pixels(curves.Panel("Loss", [line(*values)], {})))[300:, 840:855]
    assert end.any()


def test_the_picture_is_written_and_a_failure_is_told(tmp_path, caplog):
    caplog.set_level(logging.ERROR, logger="trainer")
    drawn = [curves.Panel("Loss", [line(2, 1)], {})]
    curves.write(str(tmp_path), drawn)
    assert (tmp_path / "curves.png").read_bytes() == curves.draw(drawn)
    assert not caplog.messages
    curves.write(str(tmp_path / "missing"), drawn)
    assert caplog.messages[0].startswith(
        f"can't write {tmp_path}/missing/curves.png: "
    )
