"""One device, two logical devices and two processes train the same.

They add the same numbers in another order, so sums agree to float32's precision
only: relative 1e-5 for losses, absolute 2e-5 for weights after twenty updates
of 1e-2. An update that one of two processes can't make, neither makes.
"""

import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from tests.support import crew, fixtures
from tests.support.uneven_batching import BATCHING
from trainer.data import batches as batches_lib
from trainer.data.batching import Share
from trainer.devices import strategy
from trainer.evaluation import split_loss
from trainer.training import (
    loss,
    loss_scale,
    objective,
    optimizer,
    train_step,
    weight_average,
)

STEPS = 20


@dataclasses.dataclass(frozen=True)
class Trained:
    """What twenty updates brought.

    Attributes:
      losses: of each, float [STEPS].
      weights: of captioner, its average and optimizer, in order.
      split_losses: each validation image's own, float [images].
    """

    losses: list[float]
    weights: list[np.ndarray]
    split_losses: np.ndarray


def built(
    record_set: record_set_lib.RecordSet,
    devices: tf.distribute.Strategy,
    *,
    scale: loss_scale.DynamicScale | None = None,
    jit_compile: bool = False,
) -> train_step.TrainStep:
    with devices.scope():
        model, mean = (
            fixtures.tiny_captioner(
                record_set.vocabulary, dropout_rate=0.3, word_dropout=0.2
            )
            for _ in range(2)
        )
        adamw = optimizer.AdamW(learning_rate=1e-2, warmup_steps=0).build(
            model.trainable_variables
        )
    return train_step.TrainStep(
        strategy=devices,
        captioner=model,
        optimizer=adamw,
        objective=objective.TeacherForcing(
            loss.CaptionLoss(label_smoothing=0.1)
        ),
        loss_scale=loss_scale.LossScale(scale),
        seed=3,
        average=weight_average.WeightAverage(mean, 0.9),
        jit_compile=jit_compile,
    )


def weights(step: train_step.TrainStep) -> list[np.ndarray]:
    """Of captioner, its average and optimizer, in order."""
    models = step.captioner, step.outcome, step.optimizer
    variables = itertools.chain.from_iterable(one.variables for one in models)
    return [np.array(variable.numpy()) for variable in variables]


def train(
    folder: str,
    kind: str,
    names: tuple[str, ...] = (),
    jit_compile: bool = False,
) -> Trained:
    devices = strategy.Devices(kind=kind, names=names).open()
    record_set = record_set_lib.open_record_set(folder)
    step = built(record_set, devices, jit_compile=jit_compile)
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )
    update = step.over(data.distribute(devices, first_step=0))
    losses = [update(1).scalars["loss"] for _ in range(STEPS)]
    split = batches_lib.CaptionDataset(
        record_set, "validation", BATCHING, shuffle=False
    )
    measure = split_loss.LossOfSplit(strategy=devices, captioner=step.captioner)
    return Trained(losses, weights(step), measure.per_image(split)[0])


@dataclasses.dataclass(frozen=True)
class Overflowed:
    """What four updates in float16 brought, of which the second overflowed.

    Attributes:
      scalars: of each.
      weights: after each, of captioner, its average and optimizer.
    """

    scalars: list[dict[str, float]]
    weights: list[list[np.ndarray]]


def overflow(folder: str) -> Overflowed:
    """On the second of two workers; the first has batches as ever."""
    devices = strategy.Devices("multi_worker", precision="mixed_float16").open()
    record_set = record_set_lib.open_record_set(folder)
    step = built(record_set, devices, scale=loss_scale.DynamicScale())
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )

    def batches(worker: tf.distribute.InputContext) -> tf.data.Dataset:
        number = worker.input_pipeline_id
        share = Share(number, worker.num_input_pipelines)
        own = data.epochs(first_step=0, replicas=2, share=share)
        # Too much for the gradients' float16, not for the loss's float32.
        heavy = 2.0**20 if number == 1 else 1.0

        def weigh(
            update: tf.Tensor, batch: batches_lib.Batch
        ) -> batches_lib.Batch:
            weight = tf.where(update == 1, heavy, 1.0)
            return {**batch, "weights": batch["weights"] * weight}

        return own.enumerate().map(weigh)

    update = step.over(iter(devices.distribute_datasets_from_function(batches)))
    made = Overflowed([], [])
    for _ in range(4):
        made.scalars.append(update(1).scalars)
        made.weights.append(weights(step))
    return made


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("records")
    fixtures.write_uneven_record_set(folder)
    return str(folder)


@pytest.fixture(scope="module")
def one(records) -> Trained:
    return train(records, "one_device", ("CPU:0",))


def assert_same(first: Trained, second: Trained) -> None:
    np.testing.assert_allclose(first.losses, second.losses, rtol=1e-5)
    for own, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_allclose(own, other, atol=2e-5)
    np.testing.assert_allclose(
        first.split_losses, second.split_losses, rtol=1e-4
    )


def test_an_image_of_a_split_is_scored_once(one):
    assert one.split_losses.shape == (5,)


@pytest.mark.slow
def test_two_logical_devices_train_alike(records, one):
    assert_same(one, train(records, "mirrored", ("CPU:0", "CPU:1")))


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_two_processes_train_alike(records, one, jit_compile):
    first, second = crew.run(train, records, "multi_worker", (), jit_compile)
    assert_same(one, first)
    for own, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(own, other)
    assert first.losses == second.losses
    np.testing.assert_array_equal(first.split_losses, second.split_losses)


@pytest.mark.slow
def test_two_processes_skip_what_overflows_in_one(records):
    first, second = crew.run(overflow, records)
    # To the bit, and where there is no number on one there is none on both.
    np.testing.assert_equal(first.scalars, second.scalars)
    np.testing.assert_equal(first.weights, second.weights)
    assert all(np.isfinite(own).all() for made in first.weights for own in made)
    told = {
        name: [row[name] for row in first.scalars] for name in first.scalars[0]
    }
    assert np.isfinite(told["loss"]).all()
    finite = [True, False, True, True]
    assert np.isfinite(told["gradient_norm"]).tolist() == finite
    assert told["skipped"] == [0, 1, 1, 1]
    scale = loss_scale.DynamicScale().initial
    assert told["loss_scale"] == [scale, scale / 2, scale / 2, scale / 2]
    changed = [
        any((one != other).any() for one, other in zip(*pair, strict=True))
        for pair in itertools.pairwise(first.weights)
    ]
    assert changed == finite[1:]
