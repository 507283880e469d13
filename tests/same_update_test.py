"""One device, two logical devices, two processes: the same training.

They add the same numbers in another order, so that sums agree to float32's
precision only: relative 1e-5 for losses, absolute 2e-5 for weights after
twenty updates of 1e-2.
"""

import dataclasses

import numpy as np
import pytest

from pipeline import manifest as manifest_lib
from tests import crew, fixtures
from trainer import (
    dataset,
    loss,
    loss_scale,
    optimizer,
    strategy,
    train_step,
    weight_average,
)

# 13 images of 1 to 7 captions, of 1 to 6 words: the last batch of an epoch of
# two is not full, and leaves a replica less than the other.
BATCHING = dataset.Batching(
    batch_images=8,
    captions_per_image=3,
    max_length=4,
    num_streams=4,
    shuffle_window=4,
)
STEPS = 20


@dataclasses.dataclass(frozen=True)
class Trained:
    """What twenty updates brought.

    Attributes:
      losses: of each, float [STEPS].
      weights: of captioner, their mean and optimizer, in order.
      split_losses: each validation image's own, float [images].
    """

    losses: list[float]
    weights: list[np.ndarray]
    split_losses: np.ndarray


def train(
    folder: str,
    kind: str,
    names: tuple[str, ...] = (),
    jit_compile: bool = False,
) -> Trained:
    devices = strategy.Devices(kind=kind, names=names).open()
    record_set = manifest_lib.open_record_set(folder)
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
    step = train_step.TrainStep(
        strategy=devices,
        captioner=model,
        optimizer=adamw,
        loss=loss.CaptionLoss(label_smoothing=0.1),
        loss_scale=loss_scale.LossScale(None),
        seed=3,
        average=weight_average.WeightAverage(mean, 0.9),
        jit_compile=jit_compile,
    )
    data = dataset.CaptionDataset(record_set, "train", BATCHING, shuffle=True)
    update = step.over(data.distribute(devices, first_step=0))
    losses = [update(1).scalars["loss"] for _ in range(STEPS)]
    split = dataset.CaptionDataset(
        record_set, "validation", BATCHING, shuffle=False
    )
    measure = train_step.LossOfSplit(strategy=devices, captioner=model)
    variables = [*model.variables, *mean.variables, *adamw.variables]
    return Trained(
        losses,
        [np.array(variable.numpy()) for variable in variables],
        measure.per_image(split)[0],
    )


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
