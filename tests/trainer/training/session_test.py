"""A training claims its directory and restores its checkpoints."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from tests.support import fixtures, toys
from trainer import config, configurable
from trainer.data import folds
from trainer.data.batching import Batching
from trainer.decoding import greedy
from trainer.devices import strategy
from trainer.loop import cadence as cadence_lib
from trainer.run import directory
from trainer.training import loss, loss_scale, optimizer, session
from trainer.training import recipe as recipe_lib
from trainer.training import setup as setup_lib

CADENCE = cadence_lib.Cadence()
RECIPE = recipe_lib.Recipe(
    batching=Batching(
        batch_images=4, captions_per_image=2, max_length=6, num_streams=2
    ),
    optimizer=optimizer.AdamW(average_decay=0.9),
    loss=loss.CaptionLoss(),
    loss_scale=loss_scale.DynamicScale(),
)


@pytest.fixture
def setup(record_set) -> setup_lib.Setup:
    return setup_lib.Setup(
        records=record_set.path,
        captioner=lambda **sizes: fixtures.tiny_captioner(
            record_set.vocabulary
        ),
        devices=strategy.Devices(kind="one_device"),
        search=greedy.Greedy(max_length=6),
    )


@pytest.fixture
def prepare(record_set, setup, tmp_path):
    """Opens a session in the same directory each time it is called."""
    config.load(["gin/run_demo.gin"], [])
    assert "train" in configurable.MODES

    def prepare(
        fold=None, setup=setup, run_dir=tmp_path / "run"
    ) -> session.Session:
        devices, crew = session.open_devices(setup.devices)
        step = RECIPE.build(setup, record_set, devices, workers=crew.count)
        identity = session.identify(
            setup, RECIPE, CADENCE, record_set, step.captioner, fold
        )
        return session.prepare(
            str(run_dir),
            crew,
            record_set,
            step,
            identity,
            CADENCE.patient(lower=False),
        )

    return prepare


def test_a_claimed_directory_holds_what_other_modes_need(
    prepare, record_set, tmp_path
):
    claimed = prepare()
    assert not (tmp_path / "run").exists()
    claimed.claim()
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {
        *("config.gin", "identity.json", "vocabulary.tsv"),
        "other_images.grids",
    }
    words = (tmp_path / "run" / "vocabulary.tsv").read_text()
    assert words == record_set.vocabulary.dump()
    assert claimed.restore() == 0


def test_a_session_goes_on_where_another_was_saved(prepare, setup):
    first = prepare()
    first.claim()
    first.step.step.assign(7)
    first.step.captioner.trainable_variables[0].assign_add(
        np.ones(first.step.captioner.trainable_variables[0].shape)
    )
    first.checkpoints.save(7)
    second = prepare()
    assert second.restore() == 7
    for model in ("captioner", "outcome"):
        one, other = (getattr(each.step, model) for each in (first, second))
        for saved, found in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(found.numpy(), saved.numpy())
    # The mean of the weights is what the other modes get.
    _, best = session.restore_best(first.run_dir, setup)
    for saved, found in zip(
        first.step.outcome.weights, best.weights, strict=True
    ):
        np.testing.assert_array_equal(found.numpy(), saved.numpy())


def test_several_runs_decode_together(prepare, setup, record_set):
    first = prepare()
    first.claim()
    first.checkpoints.save_best(1)
    spec = fixtures.UNEVEN_GRID
    grid = np.ones([2, spec.locations, spec.depth], np.float32)
    tokens = np.full([2, 1, 1], 2, np.int32)
    twice = dataclasses.replace(
        setup,
        ensemble=[first.run_dir],
        captioner=lambda *, units=8, **_: fixtures.tiny_captioner(
            record_set.vocabulary, units=units
        ),
    )
    one, both = (
        session.restore_best(first.run_dir, each)[1] for each in (setup, twice)
    )
    assert both.count_params() == 2 * one.count_params()
    expected = tf.nn.log_softmax(one(grid, tokens)[0])
    np.testing.assert_allclose(both(grid, tokens)[0], expected, atol=1e-5)


def test_runs_of_different_captioners_decode_together(prepare, setup, tmp_path):
    first = prepare()
    first.claim()
    first.checkpoints.save_best(1)
    mixed = dataclasses.replace(setup, captioner=toys.BagOfCells)
    other = prepare(setup=mixed, run_dir=tmp_path / "bag")
    other.claim()
    other.checkpoints.save_best(1)
    asked = dataclasses.replace(setup, ensemble=[other.run_dir])
    with pytest.raises(directory.RunError) as error:
        session.restore_best(first.run_dir, asked)
    assert str(error.value) == (
        f"`Setup.ensemble`: {other.run_dir}: `Setup.members` has no "
        "BagOfCells; it has none"
    )
    able = dataclasses.replace(asked, members=[toys.BagOfCells])
    _, both = session.restore_best(first.run_dir, able)
    kinds = [type(one).__name__ for one in both.members]
    assert kinds == ["ShowAttendTell", "BagOfCells"]


def test_another_captioner_is_refused_by_its_name(prepare, setup):
    first = prepare()
    first.claim()
    first.checkpoints.save_best(1)
    other = dataclasses.replace(setup, captioner=toys.BagOfCells)
    with pytest.raises(
        directory.RunError,
        match="captioner_class: ShowAttendTell there, BagOfCells here",
    ):
        session.restore_best(first.run_dir, other)


def test_a_member_with_other_words_is_refused(prepare, setup, tmp_path):
    first = prepare()
    first.claim()
    first.checkpoints.save_best(1)
    other = tmp_path / "other"
    other.mkdir()
    text = (tmp_path / "run" / "identity.json").read_text()
    row = json.loads(text) | {"vocabulary": "others"}
    (other / "identity.json").write_text(json.dumps(row))
    asked = dataclasses.replace(setup, ensemble=[str(other)])
    with pytest.raises(directory.RunError) as error:
        session.restore_best(first.run_dir, asked)
    assert str(error.value) == (
        f"`Setup.ensemble`: {other} was trained with another vocabulary"
    )


def test_a_fold_is_another_run(prepare):
    first = prepare()
    first.claim()
    first.checkpoints.save(1)
    with pytest.raises(directory.RunError, match=r"another run \(fold: None"):
        prepare(fold=folds.Fold(1, 2))


def test_identity_knows_data_and_settings(prepare, record_set, setup):
    claimed = prepare()
    claimed.claim()
    found = directory.read_identity(claimed.run_dir)
    assert found.records == record_set.manifest.digest
    assert found.captioner == claimed.step.captioner.settings
    assert found.optimizer == dataclasses.asdict(RECIPE.optimizer)
    assert found.selection == CADENCE.selection
    assert found.fold is None
