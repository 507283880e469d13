"""Small values that the processes of a run exchange, now and then."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf


class WorkersError(RuntimeError):
    """The workers do not train the same run; says what differs."""


def of_replicas(value: tf.Tensor) -> tf.Tensor:
    """Gathers a value of every replica, on every replica.

    Args:
      value: this replica's value; it has the same shape on all.

    Returns:
      [replicas, *shape], the chief's first; the same bits on every replica.
    """
    replica = tf.distribute.get_replica_context()
    count = replica.num_replicas_in_sync
    place = tf.range(count) == replica.replica_id_in_sync_group
    place = tf.reshape(place, [count] + [1] * value.shape.rank)
    rows = tf.where(place, value[None], tf.zeros_like(value)[None])
    # A sum with zeros keeps every bit.
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, rows)


class Workers:
    """The processes under a strategy; there may be just one.

    All workers must call a method at the same point of the program, where it
    waits for all of them; `said` alone may be called by any.

    Attributes:
      number: number of this worker, from 0.
      count: number of workers.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        """Asks the strategy which worker this process is."""
        self._strategy = strategy
        contexts: list[tf.distribute.InputContext] = []

        def note(context: tf.distribute.InputContext) -> tf.data.Dataset:
            contexts.append(context)
            return tf.data.Dataset.range(1)

        strategy.distribute_datasets_from_function(note)
        self.number = contexts[0].input_pipeline_id
        self.count = contexts[0].num_input_pipelines

    @property
    def is_chief(self) -> bool:
        """Whether this worker is the one that writes files and prints."""
        return self.number == 0

    def chiefs(self, scalars: Mapping[str, float]) -> dict[str, float]:
        """Returns the chief's values, to the bit, on every worker."""
        if self.count == 1:
            return dict(scalars)
        first = self._of_replicas(list(scalars.values()))[0]
        return {name: float(v) for name, v in zip(scalars, first, strict=True)}

    def most(self, number: int) -> int:
        """Returns the largest number that any worker has."""
        return int(self._of_replicas([float(number)]).max())

    def wait(self) -> None:
        """Waits until all workers have called this."""
        self._of_replicas([0.0])

    def said(self, line: str) -> str:
        """Returns the line on the chief, an empty string on other workers."""
        return line if self.is_chief else ""

    def require_same(self, what: str, value: Any) -> None:
        """Checks that all workers have the same value, by its JSON text.

        Args:
          what: names the value in the error's message.
          value: JSON values.

        Raises:
          WorkersError: the values differ; raised on all workers.
        """
        text = json.dumps(value, sort_keys=True)
        every = self._of_replicas([float(zlib.crc32(text.encode()))])
        if (every != every[0]).any():
            raise WorkersError(
                f"the workers have different {what}: give all the same "
                "command, and a --run_dir and records that all can read"
            )

    def _of_replicas(self, values: list[float]) -> np.ndarray:
        """Returns float64 [replicas, values], the chief's replicas first."""
        own = np.array([values], np.float64)
        if self.count == 1:
            return own
        return np.array(self._gathered(tf.constant(own)).numpy())

    @tf.function(reduce_retracing=True)
    def _gathered(self, own: tf.Tensor) -> tf.Tensor:
        every = self._strategy.run(of_replicas, (own[0],))
        return self._strategy.experimental_local_results(every)[0]
