"""Evaluating a run of three steps."""

import pytest

from pipeline.recordset import manifest
from tests.support import fixtures
from tests.support.tiny_run import load
from trainer import configurable
from trainer.run import directory, metrics_file


def test_selection_by_loss_trains_and_is_marked_on_the_page(records, tmp_path):
    load(records, "Cadence.select_by = 'loss'", "Cadence.evaluate_every = 1")
    configurable.MODES["train"](str(tmp_path))
    rows = [
        row
        for row in metrics_file.read_metrics(str(tmp_path))
        if "validation/loss" in row
    ]
    lowest = min(rows, key=lambda row: row["validation/loss"])["step"]
    assert (tmp_path / "best" / f"ckpt-{lowest}.index").exists()
    configurable.MODES["evaluate"](str(tmp_path))
    page = (tmp_path / "validation" / "page.html").read_text()
    assert f"The dotted line is step {lowest}: the best validation Loss" in page


def test_evaluate_writes_page_and_scores(records, run):
    load(records)
    said = configurable.MODES["evaluate"](str(run[0]))
    page = run[0] / "validation" / "page.html"
    assert said.endswith(f"Page: {page}")
    assert page.read_text().startswith("<!doctype html>")


def test_evaluate_refuses_another_record_set(run, tmp_path):
    fixtures.write_uneven_record_set(tmp_path / "other")
    load(tmp_path / "other")
    with pytest.raises(directory.RunError, match="not the record set of"):
        configurable.MODES["evaluate"](str(run[0]))


def test_evaluate_of_an_unknown_split_names_the_splits(records, run):
    load(records, "evaluate.split = 'tset'")
    with pytest.raises(
        manifest.RecordSetError,
        match="no split 'tset' in the record set; it has train, validation",
    ):
        configurable.MODES["evaluate"](str(run[0]))


def test_evaluate_before_training_says_so(records, tmp_path):
    load(records)
    with pytest.raises(directory.RunError, match="no trained captioner in"):
        configurable.MODES["evaluate"](str(tmp_path))
