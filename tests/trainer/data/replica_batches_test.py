"""Replicas get the same batches, whoever opens the iterators."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.uneven_batching import BATCHING, replicas
from trainer.data import replica_batches
from trainer.data.batches import CaptionDataset

STEPS = 5


@pytest.fixture(scope="module")
def data(record_set) -> CaptionDataset:
    return CaptionDataset(record_set, "train", BATCHING, shuffle=True)


def read(strategy, batches, count: int = STEPS) -> list[list[bytes]]:
    """The grids of each replica's batch, for some steps."""
    return [
        [
            grid.numpy().tobytes()
            for grid in strategy.experimental_local_results(batch["grid"])
        ]
        for _, batch in zip(range(count), batches, strict=False)
    ]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "open_", [replica_batches.of_hosts, replica_batches.OfReplicas]
)
def test_each_replica_takes_its_turn_of_the_batches(data, count, open_):
    strategy = replicas(count)
    turns = iter(data.epochs(first_step=2, replicas=count))
    expected = [
        [next(turns)["grid"].numpy().tobytes() for _ in range(count)]
        for _ in range(STEPS)
    ]
    opened = open_(
        strategy,
        lambda share: data.epochs(first_step=2, replicas=count, share=share),
    )
    assert read(strategy, opened) == expected


def test_one_pass_ends(data):
    strategy = replicas(2)
    opened = replica_batches.distribute(
        strategy, lambda share: data.once(replicas=2, share=share)
    )
    assert len(read(strategy, opened, 100)) == data.steps_per_epoch == 2


def test_batches_can_be_taken_in_a_graph(data):
    strategy = replicas(2)
    opened = replica_batches.OfReplicas(
        strategy,
        lambda share: data.epochs(first_step=0, replicas=2, share=share),
    )

    @tf.function
    def images(count: tf.Tensor) -> tf.Tensor:
        total = 0.0
        for _ in tf.range(count):
            batch = next(opened)
            rows = strategy.experimental_local_results(batch["weights"])
            total += tf.add_n([tf.reduce_sum(row) for row in rows])
        return total

    whole = data.epochs(first_step=0, replicas=1).take(4)
    expected = sum(float(batch["weights"].numpy().sum()) for batch in whole)
    np.testing.assert_allclose(images(tf.constant(4)), expected)
