"""Statements of captions, counted."""

import pytest

from pipeline.scenes import truth, words
from pipeline.scoring import metric
from trainer.evaluation import scorers


def test_truth_scorer_counts_statements():
    things = [
        truth.SceneObject(
            shape=words.SHAPES[0],
            colour=words.COLOURS[0],
            size="large",
            texture="plain",
            x=100,
            y=100,
        )
    ]
    scene = truth.Scene("1", words.BACKGROUNDS[0], tuple(things))
    right = f"a {words.COLOURS[0]} {words.SHAPES[0]}".split()
    wrong = f"a {words.COLOURS[1]} {words.SHAPES[0]}".split()
    references = metric.References(["1"], [[" ".join(right)]])
    precision, recall = (
        each.against(references)
        for each in scorers.statement_metrics({"1": scene})
    )
    assert precision.corpus([right]) == recall.corpus([right]) == 1.0
    assert (precision.corpus([wrong]), recall.corpus([wrong])) == (0.5, 0.0)
    assert precision.each([wrong]) == [0.5]


def test_a_scene_that_is_not_known_is_named():
    references = metric.References(["7"], [["a dog"]])
    precision, _ = scorers.statement_metrics({})
    with pytest.raises(scorers.TruthError) as error:
        precision.against(references)
    assert str(error.value) == (
        "the truth file does not know image '7': it belongs to another data "
        "set (evaluate.truth)"
    )
