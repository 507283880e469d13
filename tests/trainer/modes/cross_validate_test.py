"""Cross-validation on a tiny record set."""

import json

import pytest

import gin
from pipeline.recordset import record_set
from tests.support.tiny_run import load
from trainer import configurable
from trainer.data import folds, split_images
from trainer.run import directory, metrics_file


@pytest.fixture(scope="module")
def cross_validated(records, tmp_path_factory):
    """A cross-validation of two folds, and what it said."""
    folder = tmp_path_factory.mktemp("folds")
    gin.clear_config()
    load(records, "cross_validate.folds = 2")
    return folder, configurable.MODES["cross_validate"](str(folder))


@pytest.mark.slow
def test_cross_validation_scores_each_fold(cross_validated):
    folder, said = cross_validated
    told = json.loads((folder / "cross_validation.json").read_text())
    assert told["select_by"] == "cider_d"
    for number in (1, 2):
        rows = metrics_file.read_metrics(str(folder / f"fold-{number}-of-2"))
        best = metrics_file.best_row(rows, "cider_d", higher_is_better=True)
        for name, scores in told["scores"].items():
            assert scores["folds"][number - 1] == best[f"validation/{name}"]
    assert len(set(told["scores"]["loss"]["folds"])) == 2
    lines = said.splitlines()
    assert lines[0].split() == ["fold", "step", "cider_d", "loss"]
    assert lines[-1] == f"{folder}/cross_validation.json"


@pytest.mark.slow
def test_finished_folds_are_not_trained_again(records, cross_validated, caplog):
    folder, said = cross_validated
    gin.clear_config()
    load(records, "cross_validate.folds = 2")
    caplog.set_level("INFO", logger="trainer")
    assert configurable.MODES["cross_validate"](str(folder)) == said
    told = [text for text in caplog.messages if "trained: " in text]
    assert told == [
        f"already trained: step 3, {folder}/fold-{number}-of-2"
        for number in (1, 2)
    ]


@pytest.mark.slow
def test_a_fold_is_evaluated_on_what_it_held_out(records, cross_validated):
    folder = cross_validated[0] / "fold-2-of-2"
    gin.clear_config()
    load(records)
    configurable.MODES["evaluate"](str(folder))
    rows = (folder / "validation" / "captions.jsonl").read_text().splitlines()
    view = folds.Fold(2, 2).of(
        record_set.open_record_set(str(records)), "validation"
    )
    held_out = split_images.ids(view, "validation")
    assert [json.loads(row)["id"] for row in rows] == held_out
    assert all(image_id.startswith("train-") for image_id in held_out)


@pytest.mark.slow
def test_a_fold_is_no_plain_training(records, cross_validated):
    folder = cross_validated[0] / "fold-2-of-2"
    gin.clear_config()
    load(records)
    with pytest.raises(
        directory.RunError, match=r"belongs to another run \(fold: "
    ):
        configurable.MODES["train"](str(folder))
