"""How the replicas of a strategy take their batches."""

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from trainer.data.batching import Share

Shared = Callable[[Share], tf.data.Dataset]
"""A share of the streams -> the batches of the share's replicas, in turn."""


def distribute(
    strategy: tf.distribute.Strategy, dataset: Shared
) -> Iterator[Any]:
    """Opens the batches of all replicas of this process.

    Args:
      strategy: whose replicas take the batches.
      dataset: makes the batches of a share.

    Returns:
      An iterator over a batch for each replica, as the strategy groups values;
      in a tf.function too.
    """
    # On a TPU pod one process drives all hosts, and each has to read its own.
    if isinstance(strategy, tf.distribute.TPUStrategy):
        return of_hosts(strategy, dataset)
    return OfReplicas(strategy, dataset)


def of_hosts(
    strategy: tf.distribute.Strategy, dataset: Shared
) -> Iterator[Any]:
    """Opens the strategy's own iterator: each host reads for its replicas.

    The strategy opens one more iterator for each device, which tf.data tunes
    whatever the dataset's options say; see `options.steady`.
    """
    return iter(
        strategy.distribute_datasets_from_function(
            lambda worker: dataset(
                Share(worker.input_pipeline_id, worker.num_input_pipelines)
            )
        )
    )


class OfReplicas(Iterator[Any]):
    """A plain iterator for each replica of this process, which nothing tunes.

    Batches stay on the host until an update uses them. The next batch is read
    while an update runs, because `TrainStep.train` makes several updates in one
    graph.
    """

    def __init__(self, strategy: tf.distribute.Strategy, dataset: Shared):
        """Opens the iterators; each replica has a share of its own."""
        self._of_each = strategy.experimental_distribute_values_from_function
        self._opened: dict[int, Iterator[Any]] = {}
        self._of_each(lambda context: self._open(context, dataset))

    def _open(
        self, context: tf.distribute.experimental.ValueContext, dataset: Shared
    ) -> int:
        number = context.replica_id_in_sync_group
        share = Share(number, context.num_replicas_in_sync)
        self._opened[number] = iter(dataset(share))
        return number

    def __next__(self) -> Any:
        """The next batch of each replica."""
        return self._of_each(
            lambda context: next(self._opened[context.replica_id_in_sync_group])
        )
