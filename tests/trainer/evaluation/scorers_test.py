"""Statements of captions are counted."""

import pytest

from pipeline.scenes import judge, truth, words
from pipeline.scoring import metric
from trainer.evaluation import scorers

SHAPE, COLOUR = words.SHAPES[0], words.COLOURS[0]
THING = truth.SceneObject(
    shape=SHAPE, colour=COLOUR, size="large", texture="plain", x=100, y=100
)
SCENE = truth.Scene("1", words.BACKGROUNDS[0], (THING,))
RIGHT = ["a", COLOUR, SHAPE]
WRONG = ["a", words.COLOURS[1], SHAPE]
REFERENCES = metric.References(["1"], [[" ".join(RIGHT)]])


def test_truth_scorer_counts_statements():
    precision, recall = (
        each.against(REFERENCES)
        for each in scorers.statement_metrics({"1": SCENE})
    )
    assert precision.corpus([RIGHT]) == recall.corpus([RIGHT]) == 1.0
    assert (precision.corpus([WRONG]), recall.corpus([WRONG])) == (0.5, 0.0)
    assert precision.each([WRONG]) == [0.5]


def test_precision_and_recall_judge_a_caption_once(monkeypatch):
    judged = []

    def judge_one(caption, scene):
        judged.append(caption)
        return judge.Verdict(stated=3, true=2, named=1)

    monkeypatch.setattr(judge, "judge", judge_one)
    for each in scorers.statement_metrics({"1": SCENE}):
        scorer = each.against(REFERENCES)
        scorer.corpus([WRONG])
        scorer.each([WRONG])
    assert judged == [" ".join(WRONG), " ".join(RIGHT)]


def test_a_scene_that_is_not_known_is_named():
    references = metric.References(["7"], [["a dog"]])
    precision, _ = scorers.statement_metrics({})
    with pytest.raises(scorers.TruthError) as error:
        precision.against(references)
    assert str(error.value) == (
        "the truth file does not know image '7': it belongs to another data "
        "set (evaluate.truth)"
    )
