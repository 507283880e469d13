"""Users name their own parts in a gin file; the project does not change."""

import json
import pathlib

import pytest

import gin
from pipeline.recordset import records
from tests.support import fixtures
from trainer import config, configurable
from trainer.run import metrics_file

TOYS = """
import tests.support.toys

include 'gin/run_demo.gin'
include 'gin/tiny.gin'

Setup.captioner = @BagOfCells
Setup.search = @FirstWords()
Setup.metrics = [@CiderD(), @Wordiness()]
Cadence.select_by = 'wordiness'
BagOfCells.units = 6
FirstWords.length = 3

evaluate.truth = None
evaluate.split = 'validation'
Devices.kind = 'one_device'
"""


GRID = records.GridSpec(locations=49, depth=1280)
MODELS = sorted(
    path.name for path in pathlib.Path(config.home(), "gin").glob("model_*.gin")
)


@pytest.fixture
def load(tmp_path):
    """Reads the toys' gin file over a record set, and more bindings."""
    fixtures.write_record_set(tmp_path / "records")
    file = tmp_path / "toys.gin"
    file.write_text(TOYS)

    def load(*bindings):
        gin.clear_config()
        records = f"RECORDS = '{tmp_path / 'records'}'"
        config.load([str(file)], [records, *bindings])

    return load


def test_toys_train_decode_score_and_are_selected_by(load, tmp_path):
    load()
    run = tmp_path / "run"
    said = configurable.MODES["train"](str(run))
    assert said == f"trained: reached step 3, {run}"
    rows = metrics_file.read_metrics(str(run))
    best = metrics_file.best_row(rows, "wordiness", higher_is_better=False)
    assert best and (run / "best" / f"ckpt-{best['step']}.index").exists()
    assert "validation/bleu_4" not in best
    load()
    said = configurable.MODES["evaluate"](str(run))
    folder = run / "validation"
    scores = json.loads((folder / "scores.json").read_text())
    assert list(scores["scores"])[:2] == ["cider_d", "wordiness"]
    captions = [
        json.loads(line)["caption"].split()
        for line in (folder / "captions.jsonl").read_text().splitlines()
    ]
    assert captions and all(len(words) == 3 for words in captions)
    assert all(len(set(words)) == 1 for words in captions)
    page = (folder / "page.html").read_text()
    assert "first words" in page
    assert "<h3>Wordiness</h3>" in page
    assert "<dd>Words more than in the first reference.</dd>" in page


def test_what_selects_must_be_measured(load, tmp_path):
    load("Cadence.select_by = 'bleu_4'")
    with pytest.raises(ValueError) as error:
        configurable.MODES["train"](str(tmp_path / "run"))
    assert (
        "`select_by` must be one of loss, cider_d, wordiness (the loss and "
        "Setup.metrics), got 'bleu_4'"
    ) in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", configurable.METRICS)
def test_a_metric_says_what_it_is(name):
    metric = configurable.METRICS[name]()
    assert metric.name and metric.label and metric.definition.endswith(".")
    assert isinstance(metric.higher_is_better, bool)


def captioner_of(name):
    """Makes the captioner of a model file, in the sizes of tiny.gin."""
    gin.clear_config()
    config.load(["gin/run_demo.gin", f"gin/{name}", "gin/tiny.gin"], [])
    setup = configurable.given("train")["setup"]
    return setup.build(GRID, fixtures.count_words(["a dog", "a red bird"]))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_file_goes_between_a_run_and_tiny(name, caplog):
    captioner = captioner_of(name)
    assert caplog.messages == []
    assert captioner.count_params() < 40_000
    assert captioner.uses_image == (name != "model_blind.gin")


def test_every_captioner_has_a_model_file():
    assert {type(captioner_of(name)) for name in MODELS} == set(
        configurable.CAPTIONERS
    )
