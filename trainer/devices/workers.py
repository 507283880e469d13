"""What the processes of a run tell each other: few numbers, now and then."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf


class WorkersError(RuntimeError):
    """Workers that do not train the same run; says what differs."""


def of_replicas(value: tf.Tensor) -> tf.Tensor:
    """On each replica: what all of them have, the chief's first.

    Args:
      value: a replica's, of one shape on all.

    Returns:
      [replicas, *shape], alike on all, each value to the bit.
    """
    replica = tf.distribute.get_replica_context()
    count = replica.num_replicas_in_sync
    place = tf.range(count) == replica.replica_id_in_sync_group
    place = tf.reshape(place, [count] + [1] * value.shape.rank)
    rows = tf.where(place, value[None], tf.zeros_like(value)[None])
    # Zeros change no sum.
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, rows)


class Workers:
    """The processes under a strategy; one alone agrees with itself.

    Methods but `said` are called by all workers at the same point, and
    waits for them.

    Attributes:
      number: of this one, from zero.
      count: of all.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        """Asks the strategy where this process stands."""
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
        """Whether this one writes and speaks for all."""
        return self.number == 0

    def chiefs(self, scalars: Mapping[str, float]) -> dict[str, float]:
        """The chief's values, on every worker, to the bit."""
        if self.count == 1:
            return dict(scalars)
        first = self._of_replicas(list(scalars.values()))[0]
        return {name: float(v) for name, v in zip(scalars, first, strict=True)}

    def most(self, number: int) -> int:
        """The largest that a worker has."""
        return int(self._of_replicas([float(number)]).max())

    def wait(self) -> None:
        """Goes on when all have come here."""
        self._of_replicas([0.0])

    def said(self, line: str) -> str:
        """The line where this is the chief, else nothing."""
        return line if self.is_chief else ""

    def require_same(self, what: str, value: Any) -> None:
        """Checks that all have the same value, by its JSON text.

        Raises:
          WorkersError: they have not; on all workers.
        """
        text = json.dumps(value, sort_keys=True)
        every = self._of_replicas([float(zlib.crc32(text.encode()))])
        if (every != every[0]).any():
            raise WorkersError(
                f"the workers have different {what}: give all the same "
                "command, and a --run_dir and records that all can read"
            )

    def _of_replicas(self, values: list[float]) -> np.ndarray:
        """Float64 [replicas, values]; the chief's replicas come first."""
        own = np.array([values], np.float64)
        if self.count == 1:
            return own
        return np.array(self._gathered(tf.constant(own)).numpy())

    @tf.function(reduce_retracing=True)
    def _gathered(self, own: tf.Tensor) -> tf.Tensor:
        every = self._strategy.run(of_replicas, (own[0],))
        return self._strategy.experimental_local_results(every)[0]
