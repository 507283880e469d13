"""Training on a tiny record set, through the shipped configuration."""

import json
import math
import re

import keras
import pytest
import tensorflow as tf

import gin
from pipeline.recordset import manifest
from tests.support import fixtures
from tests.support.tiny_run import load
from trainer import configurable
from trainer.captioners import show_attend_tell
from trainer.diagnosis import wiring
from trainer.loop import metrics_log
from trainer.report import results
from trainer.run import directory, metrics_file


def test_train_says_how_it_ended_and_leaves_the_run(run):
    folder, said = run
    assert said == f"trained: reached step 3, {folder}"
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "best",
        "checkpoints",
        "config.gin",
        "curves.html",
        "identity.json",
        "metrics.jsonl",
        "tensorboard",
        "vocabulary.tsv",
    }
    rows = [
        json.loads(row)
        for row in (folder / "metrics.jsonl").read_text().splitlines()
    ]
    assert {"train/loss", "train/tokens", *metrics_log.CLOCKED} <= rows[
        0
    ].keys()
    assert 0 <= rows[0]["train/input_wait"] <= 1
    assert 0 < rows[0]["train/step_seconds_median"] < 60
    assert 0 <= rows[0]["train/learning_rate"] < 1
    assert {"validation/loss", "validation/cider_d"} <= rows[-1].keys()


def test_tensorboard_has_curves_weights_and_captions(run):
    (file,) = (run[0] / "tensorboard").glob("events.*")
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    }
    assert {"train/learning_rate", "validation/cider_d"} <= tags
    assert set(metrics_log.CLOCKED) <= tags
    assert "weights/embed/embeddings" in tags
    assert {f"captions/{number}" for number in (1, 2, 3, 4)} <= tags


@pytest.mark.slow
def test_steps_are_profiled_where_asked(records, tmp_path, caplog):
    caplog.set_level("INFO", logger="trainer")
    load(records, "Cadence.profile_steps = (1, 2)")
    configurable.MODES["train"](str(tmp_path))
    folder = tmp_path / "tensorboard"
    assert len(list(folder.glob("plugins/profile/*/*.xplane.pb"))) == 1
    assert sum("3 updates: median " in line for line in caplog.messages) == 1


def test_a_finished_run_is_not_trained_again(records, run):
    load(records)
    said = configurable.MODES["train"](str(run[0]))
    assert said == f"already trained: step 3, {run[0]}"


@pytest.mark.slow
def test_a_finished_run_goes_on_for_more_steps(records, tmp_path):
    load(records)
    configurable.MODES["train"](str(tmp_path))
    gin.clear_config()
    load(records, "NUM_STEPS = 5")
    said = configurable.MODES["train"](str(tmp_path))
    assert said == f"trained: reached step 5, {tmp_path}"


@pytest.mark.slow
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
    said = configurable.MODES["train"](str(tmp_path))
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
    configurable.MODES["train"](str(folder))
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
        results,
        "write",
        lambda _, found, **__: scored.append(found),
    )
    for folder in (averaged, run[0]):
        gin.clear_config()
        load(records)
        configurable.MODES["evaluate"](str(folder))
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
        configurable.MODES["train"](str(tmp_path))
    # A start that failed leaves the directory to a run of other settings.
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    gin.clear_config()
    load(records, "train.waived = ['image', 'gradient']", "Setup.seed = 3")
    said = configurable.MODES["train"](str(tmp_path))
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
        configurable.MODES["train"](str(run[0]))


def test_samples_are_rewarded_from_the_weights_of_another_run(
    records, run, tmp_path, caplog
):
    caplog.set_level("INFO", logger="trainer")
    load(
        records,
        "Recipe.self_critical = @SelfCritical()",
        f"train.init_from = '{run[0]}'",
    )
    folder = tmp_path / "rewarded"
    said = configurable.MODES["train"](str(folder))
    assert said == f"trained: reached step 3, {folder}"
    assert f"first weights: the best of {run[0]}" in caplog.messages
    assert any(line.startswith("reward: CIDEr-D") for line in caplog.messages)
    own = json.loads((folder / "identity.json").read_text())
    assert own["self_critical"] == {"samples": 5, "cross_entropy": 0.1}
    assert own["init_from"]


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        (
            "ShowAttendTell.units = 24",
            "the weights of .*: captioner.units: 16 there, 24 here",
        ),
        ("train.init_from = 'no'", "no trained captioner in 'no'"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(
    records, run, tmp_path, binding, message
):
    load(records, f"train.init_from = '{run[0]}'", binding)
    with pytest.raises(directory.RunError, match=message):
        configurable.MODES["train"](str(tmp_path))


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
        configurable.MODES["train"](str(tmp_path))
    said = str(error.value)
    step = int(re.findall(r"gradients of step (\d+) are no numbers", said)[0])
    assert len(re.findall(r"train-\d+", said)) == 4
    assert f"last good checkpoint: {tmp_path}/checkpoints/ckpt-{step - 1}" in (
        said
    )


@pytest.mark.slow
def test_images_fewer_than_streams_and_batches_of_one_are_trained_on(tmp_path):
    fixtures.write_record_set(
        tmp_path / "few", images={"train": 3, "validation": 2}
    )
    for number, streams, images in ((1, 4, 4), (2, 1, 1)):
        gin.clear_config()
        load(
            tmp_path / "few",
            f"Batching.num_streams = {streams}",
            f"Batching.batch_images = {images}",
        )
        said = configurable.MODES["train"](str(tmp_path / f"run-{number}"))
        assert said.startswith("trained: reached step 3")


@pytest.mark.slow
def test_one_validation_image_does_not_end_a_training(tmp_path):
    fixtures.write_record_set(
        tmp_path / "few", images={"train": 12, "validation": 1}
    )
    load(tmp_path / "few")
    configurable.MODES["train"](str(tmp_path / "run"))
    row = metrics_file.read_metrics(str(tmp_path / "run"))[-1]
    assert math.isnan(row["validation/collision_probability"])


def test_a_finished_run_keeps_the_configuration_it_was_trained_with(
    records, run
):
    kept = (run[0] / "config.gin").read_text()
    load(records, "Cadence.checkpoint_every = 7")
    said = configurable.MODES["train"](str(run[0]))
    assert said.startswith("already trained: step 3")
    assert (run[0] / "config.gin").read_text() == kept


def test_a_split_that_is_missing_is_told_before_anything_is_done(
    records, tmp_path
):
    load(records, "Cadence.validation_split = 'val'")
    with pytest.raises(manifest.RecordSetError) as error:
        configurable.MODES["train"](str(tmp_path / "run"))
    assert str(error.value).splitlines()[0] == (
        "`Cadence.validation_split`: no split 'val' in the record set; it has "
        "single, train, validation"
    )
    assert not (tmp_path / "run").exists()


def test_another_search_would_select_otherwise(records, run):
    load(records, "Search.beams = 2", "NUM_STEPS = 5")
    with pytest.raises(directory.RunError, match=r"search.beams: 5 there, 2"):
        configurable.MODES["train"](str(run[0]))
