"""Evaluating a run of three steps."""

import json
import shutil

import pytest
import tensorflow as tf

import gin
from pipeline.recordset import manifest
from tests.support import fixtures
from tests.support.tiny_run import load
from trainer import config, configurable
from trainer.run import directory, metrics_file


@pytest.mark.slow
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
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert text.count(">image gain ") == 4
    rows = (page.parent / "captions.jsonl").read_text().splitlines()
    assert all("image_gain" in json.loads(row) for row in rows)


def test_evaluate_refuses_another_record_set(run, tmp_path):
    fixtures.write_uneven_record_set(tmp_path / "other")
    load(tmp_path / "other")
    with pytest.raises(directory.RunError, match="not the record set of"):
        configurable.MODES["evaluate"](str(run[0]))


def test_evaluate_of_an_unknown_split_names_the_splits(records, run):
    load(records, "evaluate.split = 'tset'")
    with pytest.raises(
        manifest.RecordSetError,
        match="^`evaluate.split`: no split 'tset' in the record set; it has "
        "single, train, validation\n",
    ):
        configurable.MODES["evaluate"](str(run[0]))


def test_evaluate_before_training_says_so(records, tmp_path):
    load(records)
    with pytest.raises(directory.RunError, match="no trained captioner in"):
        configurable.MODES["evaluate"](str(tmp_path))


@pytest.mark.slow
def test_a_run_in_a_bucket_is_trained_evaluated_and_captioned(records):
    run_dir = "ram://bucket/run"
    load(records)
    configurable.MODES["train"](run_dir)
    gin.clear_config()
    config.load([config.saved(run_dir)], [])
    said = configurable.MODES["evaluate"](run_dir)
    assert tf.io.gfile.exists(f"{run_dir}/validation/scores.json")
    assert said.endswith(f"Page: {run_dir}/validation/page.html")


def test_evaluate_refuses_words_that_are_not_the_runs(records, run, tmp_path):
    folder = shutil.copytree(run[0], tmp_path / "run")
    words = folder / "vocabulary.tsv"
    first, second, *rest = words.read_text().splitlines(keepends=True)
    words.write_text("".join([first, *reversed(rest), second]))
    load(records)
    with pytest.raises(directory.RunError) as error:
        configurable.MODES["evaluate"](str(folder))
    assert str(error.value).startswith(f"{words} (digest ")
    assert " is not the vocabulary that was trained with" in str(error.value)
    words.unlink()
    with pytest.raises(directory.RunError) as error:
        configurable.MODES["evaluate"](str(folder))
    assert str(error.value).startswith(
        f"{words} is missing: copy it from {records}"
    )


@pytest.mark.parametrize(
    ("binding", "difference"),
    [
        ("uses_image = False", "uses_image: True there, False here"),
        ("units = 24", "units: 16 there, 24 here"),
    ],
)
def test_evaluate_refuses_another_captioner(records, run, binding, difference):
    load(records, f"ShowAttendTell.{binding}")
    with pytest.raises(directory.RunError) as error:
        configurable.MODES["evaluate"](str(run[0]))
    assert str(error.value).startswith(
        f"{run[0]} was trained with another captioner (captioner.{difference})"
    )


def test_evaluate_refuses_the_checkpoint_of_another_run(records, run, tmp_path):
    folder = shutil.copytree(run[0], tmp_path / "run")
    identity = json.loads((folder / "identity.json").read_text())
    (folder / "identity.json").write_text(json.dumps(identity | {"seed": 5}))
    load(records)
    with pytest.raises(directory.RunError, match="belongs to another run"):
        configurable.MODES["evaluate"](str(folder))


def test_one_image_is_too_few_to_evaluate(records, run):
    load(records, "evaluate.split = 'single'")
    with pytest.raises(ValueError, match="split 'single' has one image"):
        configurable.MODES["evaluate"](str(run[0]))


def test_evaluate_names_the_setting_of_a_truth_that_is_not_there(records, run):
    load(records, "evaluate.truth = '/no/truth.jsonl'")
    with pytest.raises(ValueError, match="^evaluate.truth = '/no/truth.jsonl'"):
        configurable.MODES["evaluate"](str(run[0]))


def test_evaluate_compares_decoders_where_some_are_named(records, run):
    load(
        records,
        "Sampling.n_best = 2",
        "evaluate.decoders = [@Greedy(), @Sampling()]",
        "Sampling.batch_images = 4",
    )
    said = configurable.MODES["evaluate"](str(run[0]))
    table = said.splitlines()[:6]
    assert table[0].startswith("decoder ")
    assert table[1].startswith("beam search, 5 beams ")
    assert table[2].startswith("greedy search ")
    assert table[3].startswith("sampling, 2 samples ")
    assert table[4].startswith("people ")
    rows = json.loads((run[0] / "validation" / "decoders.json").read_text())
    assert len(rows["rows"]) == 3


def test_evaluate_writes_the_n_best_where_several_are_asked_for(records, run):
    load(records, "Search.n_best = 2")
    configurable.MODES["evaluate"](str(run[0]))
    lines = (run[0] / "validation" / "captions.jsonl").read_text().splitlines()
    for row in map(json.loads, lines):
        first, *others = row["n_best"]
        assert len(others) <= 1 and first["caption"] == row["caption"]
        assert first["log_prob"] == row["log_prob"]
