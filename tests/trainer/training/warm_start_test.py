"""First weights that are taken from another run."""

import dataclasses

import numpy as np
import pytest

from tests.support import fixtures
from trainer.run import checkpoints, directory
from trainer.run.identity import RunIdentity
from trainer.training import warm_start

IDENTITY = RunIdentity(
    records="r",
    encoder={},
    encoder_batch=1,
    grid={"height": 2},
    vocabulary="words",
    seed=1,
    precision="float32",
    captioner={"units": 8, "dropout_rate": 0.1, "uses_image": True},
    batching={},
    optimizer={},
    loss={},
    loss_scale={},
    selection={},
)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    return fixtures.write_uneven_record_set(folder).vocabulary


@pytest.fixture
def source(vocabulary, tmp_path):
    """A run whose best captioner differs from a fresh one."""
    folder = str(tmp_path / "source")
    model = fixtures.tiny_captioner(vocabulary)
    model.trainable_variables[0].assign_add(
        np.ones(model.trainable_variables[0].shape)
    )
    directory.claim(folder, IDENTITY)
    name = directory.run_name(folder, IDENTITY)
    checkpoints.Checkpoints(folder, run=name, captioner=model).save_best(3)
    return folder, model


def test_all_captioners_get_the_best_weights(source, vocabulary):
    folder, model = source
    fresh = [fixtures.tiny_captioner(vocabulary) for _ in range(2)]
    own = dataclasses.replace(
        IDENTITY, seed=2, captioner={**IDENTITY.captioner, "dropout_rate": 0.5}
    )
    warm_start.load(folder, own, fresh)
    for one in fresh:
        for here, there in zip(one.weights, model.weights, strict=True):
            np.testing.assert_array_equal(here.numpy(), there.numpy())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"vocabulary": "others"}, "vocabulary: words there, others here"),
        ({"grid": {"height": 3}}, "grid.height: 2 there, 3 here"),
        (
            {"captioner": {"units": 16, "uses_image": True}},
            "captioner.units: 8 there, 16 here",
        ),
    ],
)
def test_other_words_grids_and_sizes_are_refused(source, changes, told):
    folder, _ = source
    with pytest.raises(directory.RunError) as error:
        warm_start.load(folder, dataclasses.replace(IDENTITY, **changes), [])
    assert str(error.value) == (
        f"can't begin with the weights of {folder}: {told}"
    )


def test_a_name_is_that_of_a_run(source, tmp_path):
    folder, _ = source
    assert warm_start.name_of(folder) == directory.run_name(folder, IDENTITY)
    with pytest.raises(directory.RunError, match="no trained captioner in"):
        warm_start.name_of(str(tmp_path / "no"))
