"""The modes on a tiny record set, through the shipped configuration."""

import json
import re

import keras
import pytest
import tensorflow as tf

import gin
from pipeline.recordset import manifest, record_set
from tests.support import fixtures
from trainer import config, configurable
from trainer.captioners import show_attend_tell
from trainer.data import folds, split_images
from trainer.diagnosis import wiring
from trainer.run import directory, metrics_file


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    fixtures.write_record_set(folder)
    return folder


def load(records, *bindings):
    config.load(
        ["gin/run_demo.gin", "gin/tiny.gin"],
        [
            f"RECORDS = '{records}'",
            "evaluate.truth = None",
            "evaluate.split = 'validation'",
            "Devices.kind = 'one_device'",
            *bindings,
        ],
    )


@pytest.fixture(scope="module")
def run(records, tmp_path_factory):
    """A run directory after three steps, and what train() said."""
    folder = tmp_path_factory.mktemp("run")
    load(records)
    return folder, configurable.train(str(folder))


def test_train_says_how_it_ended_and_leaves_the_run(run):
    folder, said = run
    assert said == f"trained: reached step 3, {folder}"
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "best",
        "checkpoints",
        "config.gin",
        "curves.png",
        "identity.json",
        "metrics.jsonl",
        "tensorboard",
        "vocabulary.tsv",
    }
    rows = [
        json.loads(row)
        for row in (folder / "metrics.jsonl").read_text().splitlines()
    ]
    assert {"train/loss", "train/tokens"} <= rows[0].keys()
    assert 0 <= rows[0]["train/input_wait"] <= 1
    assert {"validation/loss", "validation/cider_d"} <= rows[-1].keys()


def test_tensorboard_has_curves_weights_and_captions(run):
    (file,) = (run[0] / "tensorboard").glob("events.*")
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    }
    assert {"train/input_wait", "validation/cider_d"} <= tags
    assert "weights/embed/embeddings" in tags
    assert {f"captions/{number}" for number in (1, 2, 3, 4)} <= tags


def test_steps_are_profiled_where_asked(records, tmp_path, caplog):
    caplog.set_level("INFO", logger="trainer")
    load(records, "Cadence.profile_steps = (1, 2)")
    configurable.train(str(tmp_path))
    folder = tmp_path / "tensorboard"
    assert len(list(folder.glob("plugins/profile/*/*.xplane.pb"))) == 1
    assert sum("3 updates: median " in line for line in caplog.messages) == 1


def test_a_finished_run_is_not_trained_again(records, run):
    load(records)
    assert (
        configurable.train(str(run[0])) == f"already trained: step 3, {run[0]}"
    )


def test_a_finished_run_goes_on_for_more_steps(records, tmp_path):
    load(records)
    configurable.train(str(tmp_path))
    # The schedule stays; only the end moves.
    gin.clear_config()
    load(records, "NUM_STEPS = 5", "AdamW.decay_steps = 3")
    said = configurable.train(str(tmp_path))
    assert said == f"trained: reached step 5, {tmp_path}"


@pytest.mark.parametrize(
    "compiled", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_float16_in_microbatches_trains(records, tmp_path, compiled):
    load(
        records,
        "Devices.precision = 'mixed_float16'",
        "DynamicScale.initial = 64",
        "Recipe.microbatches = 2",
        f"Recipe.jit_compile = {compiled}",
    )
    said = configurable.train(str(tmp_path))
    keras.config.set_dtype_policy("float32")
    assert said == f"trained: reached step 3, {tmp_path}"
    (first, *_) = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert json.loads(first)["train/loss_scale"] == 64


@pytest.fixture(scope="module")
def averaged(records, tmp_path_factory):
    """A run directory after three steps with a mean of the weights."""
    folder = tmp_path_factory.mktemp("averaged")
    gin.clear_config()
    load(records, "AdamW.average_decay = 0.9")
    configurable.train(str(folder))
    return folder


def saved(folder):
    """Names of the values in the best checkpoint."""
    path = tf.train.latest_checkpoint(folder / "best")
    return tf.train.load_checkpoint(path).get_variable_to_shape_map().keys()


def test_a_second_captioner_is_saved_where_there_is_a_mean(run, averaged):
    plain, both = saved(run[0]), saved(averaged)
    means = [name for name in both if name.startswith("captioner/")]
    assert means
    assert len(both) == len(plain) + len(means)


def test_the_mean_of_the_weights_is_what_the_other_modes_get(
    records, run, averaged, monkeypatch
):
    scored = []
    monkeypatch.setattr(
        configurable.report,
        "write",
        lambda _, found, **__: scored.append(found),
    )
    for folder in (averaged, run[0]):
        gin.clear_config()
        load(records)
        configurable.evaluate(str(folder))
        rows = metrics_file.read_metrics(str(folder))
        assert scored[-1].loss == pytest.approx(rows[-1]["validation/loss"])
    assert scored[0].loss != pytest.approx(scored[1].loss, rel=1e-5)


def test_a_captioner_that_cannot_learn_is_refused(
    records, tmp_path, monkeypatch
):
    blind = show_attend_tell.ShowAttendTell.remember

    def forgetful(self, grid, dropout=None):
        return blind(self, grid * 0, dropout)

    monkeypatch.setattr(show_attend_tell.ShowAttendTell, "remember", forgetful)
    load(records)
    with pytest.raises(wiring.WiringError, match="wiring test 'image' failed"):
        configurable.train(str(tmp_path / "refused"))
    gin.clear_config()
    load(records, "train.waived = ['image', 'gradient']")
    said = configurable.train(str(tmp_path / "waived"))
    assert said.startswith("trained: reached step 3")


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        ("ShowAttendTell.units = 24", "captioner.units: 16 there, 24 here"),
        (
            "DynamicScale.initial = 2",
            "loss_scale.initial: 1024.0 there, 2 here",
        ),
        (
            "ShowAttendTell.word_dropout = 0.1",
            "captioner.word_dropout: 0.0 there, 0.1 here",
        ),
        (
            "AdamW.average_decay = 0.9",
            "optimizer.average_decay: 0.0 there, 0.9 here",
        ),
        (
            "Cadence.select_by = 'bleu_4'",
            "selection.select_by: cider_d there, bleu_4 here",
        ),
    ],
)
def test_another_configuration_is_refused_by_field(
    records, run, binding, message
):
    load(records, binding)
    with pytest.raises(directory.RunError, match=message):
        configurable.train(str(run[0]))


def test_loss_that_is_no_number_is_traced_to_its_images(records, tmp_path):
    load(
        records,
        "AdamW.learning_rate = 1e38",
        "AdamW.warmup_steps = 1",
        "AdamW.final_share = 1.0",
        "NUM_STEPS = 40",
        "Cadence.checkpoint_every = 1",
    )
    with pytest.raises(FloatingPointError) as error:
        configurable.train(str(tmp_path))
    said = str(error.value)
    step = int(re.findall(r"gradients of step (\d+) are no numbers", said)[0])
    assert len(re.findall(r"train-\d+", said)) == 4
    assert f"last good checkpoint: {tmp_path}/checkpoints/ckpt-{step - 1}" in (
        said
    )


def test_selection_by_loss_trains_and_is_marked_on_the_page(records, tmp_path):
    load(records, "Cadence.select_by = 'loss'", "Cadence.evaluate_every = 1")
    configurable.train(str(tmp_path))
    rows = [
        row
        for row in metrics_file.read_metrics(str(tmp_path))
        if "validation/loss" in row
    ]
    lowest = min(rows, key=lambda row: row["validation/loss"])["step"]
    assert (tmp_path / "best" / f"ckpt-{lowest}.index").exists()
    configurable.evaluate(str(tmp_path))
    page = (tmp_path / "validation" / "page.html").read_text()
    assert f"The dotted line is step {lowest}: the best validation Loss" in page


def test_range_test_suggests_a_rate_and_leaves_no_run(records, tmp_path):
    load(records, "range_test.num_steps = 5", "range_test.high = 0.5")
    said = configurable.range_test(str(tmp_path))
    assert said.startswith("suggested: AdamW.learning_rate = ")
    assert said.endswith(f". Page: {tmp_path}/range_test.html")
    assert "\n" not in said
    rows = [
        json.loads(row)
        for row in (tmp_path / "range_test.jsonl").read_text().splitlines()
    ]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0]["rate"] == pytest.approx(1e-5)
    assert rows[-1]["rate"] == pytest.approx(0.5)
    assert {path.name for path in tmp_path.iterdir()} == {
        "range_test.jsonl",
        "range_test.html",
    }
    with pytest.raises(config.ConfigError, match="no trained captioner in"):
        config.saved(str(tmp_path))


def test_range_test_stops_where_the_loss_is_out_of_hand(records, tmp_path):
    load(
        records,
        "range_test.low = 1.0",
        "range_test.high = 1e30",
        "AdamW.clip_norm = 1e9",
    )
    said = configurable.range_test(str(tmp_path))
    assert "; the loss diverged at " in said
    rows = (tmp_path / "range_test.jsonl").read_text().splitlines()
    assert len(rows) < 200


@pytest.mark.parametrize("mode", ["range_test", "cross_validate"])
def test_a_trainings_directory_is_not_taken(records, run, mode):
    load(records)
    before = sorted(run[0].iterdir())
    with pytest.raises(directory.RunError, match="belongs to a training"):
        getattr(configurable, mode)(str(run[0]))
    assert sorted(run[0].iterdir()) == before


@pytest.fixture(scope="module")
def cross_validated(records, tmp_path_factory):
    """A cross-validation of two folds, and what it said."""
    folder = tmp_path_factory.mktemp("folds")
    gin.clear_config()
    load(records, "cross_validate.folds = 2")
    return folder, configurable.cross_validate(str(folder))


@pytest.mark.slow
def test_cross_validation_scores_each_fold(cross_validated):
    folder, said = cross_validated
    told = json.loads((folder / "cross_validation.json").read_text())
    assert told["select_by"] == "cider_d"
    for number in (1, 2):
        rows = metrics_file.read_metrics(str(folder / f"fold-{number}-of-2"))
        best = metrics_file.best_row(rows, "cider_d")
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
    assert configurable.cross_validate(str(folder)) == said
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
    configurable.evaluate(str(folder))
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
        configurable.train(str(folder))


def test_evaluate_writes_page_and_scores(records, run):
    load(records)
    said = configurable.evaluate(str(run[0]))
    page = run[0] / "validation" / "page.html"
    assert said.endswith(f"Page: {page}")
    assert page.read_text().startswith("<!doctype html>")


def test_evaluate_refuses_another_record_set(run, tmp_path):
    fixtures.write_uneven_record_set(tmp_path / "other")
    load(tmp_path / "other")
    with pytest.raises(directory.RunError, match="not the record set of"):
        configurable.evaluate(str(run[0]))


def test_evaluate_of_an_unknown_split_names_the_splits(records, run):
    load(records, "evaluate.split = 'tset'")
    with pytest.raises(
        manifest.RecordSetError,
        match="no split 'tset' in the record set; it has train, validation",
    ):
        configurable.evaluate(str(run[0]))


def test_caption_refuses_another_encoder(records, run, tmp_path):
    corpus = fixtures.draw_corpus(tmp_path)
    encoder = fixtures.save_encoder(tmp_path / "own.keras")
    load(records, f"caption.encoder = '{encoder}'")
    with pytest.raises(
        directory.RunError, match="another encoder than the captioner's"
    ):
        configurable.caption(str(run[0]), [str(corpus.images)], None)


def test_evaluate_before_training_says_so(records, tmp_path):
    load(records)
    with pytest.raises(directory.RunError, match="no trained captioner in"):
        configurable.evaluate(str(tmp_path))
