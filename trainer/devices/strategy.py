"""Name -> `tf.distribute.Strategy` and dtype policy."""

import dataclasses
import logging
import os

import keras
import tensorflow as tf

from pipeline import startup
from trainer.devices import cluster

_LOG = logging.getLogger(__name__)
KINDS = ("auto", "one_device", "mirrored", "multi_worker", "tpu")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


class DevicesError(ValueError):
    """This machine does not have the devices; the message says which."""


@dataclasses.dataclass(frozen=True)
class Devices:
    """The devices to train on, and the precision.

    Attributes:
      kind: `one_device`; `mirrored`, all GPUs or those of `names`;
        `multi_worker`, all devices of all processes of a cluster; `tpu`, the
        cores of the TPU in `TPU_NAME` or of this host; `auto`, the first of
        these that there is: a cluster, a `TPU_NAME`, two GPUs or `names`, one
        device.
      names: names of devices, such as `GPU:0`; empty for all there are.
        `one_device` takes the first.
      pods: label selector of the Kubernetes pods that are the workers, such as
        `job-name=captions`.
      precision: `float32`, `mixed_bfloat16` or `mixed_float16`. The mixed ones
        have float32 weights and 16-bit matrix products; softmax and loss stay
        float32, and the loss of float16 is scaled.

    Raises:
      ValueError: an unknown kind or precision.
    """

    kind: str = "auto"
    names: tuple[str, ...] = ()
    pods: str = ""
    precision: str = "float32"

    def __post_init__(self) -> None:
        """Validates the settings."""
        for field, allowed in (("kind", KINDS), ("precision", PRECISIONS)):
            value = getattr(self, field)
            if value not in allowed:
                raise ValueError(
                    f"`{field}` must be one of {', '.join(allowed)}, "
                    f"got {value!r}"
                )

    def open(self) -> tf.distribute.Strategy:
        """Sets Keras' dtype policy and makes the strategy; logs both.

        A cluster's workers wait here for each other. No TensorFlow op may have
        run before, or the workers do not find each other.

        Raises:
          ClusterError: the environment contradicts itself.
          DevicesError: there are no such devices.
        """
        kind = self.kind
        resolver = cluster.find(self.pods)
        if kind == "auto":
            kind = self._found(resolver)
        if kind != "multi_worker" and resolver is not None:
            raise DevicesError(
                f"this process is one of several workers, and `kind` {kind!r} "
                "is for one process: train with multi_worker or auto; use "
                "the other modes outside of the cluster"
            )
        if kind == "multi_worker" and resolver is None:
            raise DevicesError(
                "`multi_worker` found no cluster: start several processes of "
                "this host with --num_workers, set TF_CONFIG, or use srun"
            )
        keras.config.set_dtype_policy(self.precision)
        strategy = self._open(kind, resolver)
        startup.compute_in_half()
        if strategy.extended.should_save_summary:  # True on the chief only.
            _LOG.info("devices: %s", self._described(kind, strategy, resolver))
        return strategy

    def alone(self) -> "Devices":
        """Returns these devices for one process, without a cluster."""
        if self.kind not in ("auto", "multi_worker"):
            return self
        kind = "mirrored" if len(self._names()) > 1 else "one_device"
        return dataclasses.replace(self, kind=kind)

    def _names(self) -> list[str]:
        gpus = tf.config.list_physical_devices("GPU")
        every = [f"GPU:{number}" for number, _ in enumerate(gpus)]
        return list(self.names) or every or ["CPU:0"]

    def _found(self, resolver: cluster.Resolver | None) -> str:
        if resolver is not None:
            return "multi_worker"
        if os.environ.get("TPU_NAME"):
            return "tpu"
        return "mirrored" if len(self._names()) > 1 else "one_device"

    def _open(
        self, kind: str, resolver: cluster.Resolver | None
    ) -> tf.distribute.Strategy:
        if kind == "multi_worker":
            return tf.distribute.MultiWorkerMirroredStrategy(resolver)
        if kind == "tpu":
            return _tpu()
        if kind == "mirrored":
            return tf.distribute.MirroredStrategy(self._names())
        return tf.distribute.OneDeviceStrategy(self._names()[0])

    def _described(
        self,
        kind: str,
        strategy: tf.distribute.Strategy,
        resolver: cluster.Resolver | None,
    ) -> str:
        replicas = strategy.num_replicas_in_sync
        text = f"{kind}, {replicas} replica{'s' if replicas > 1 else ''}"
        if resolver is not None:
            tasks = resolver.cluster_spec().as_dict().values()
            text += f" of {sum(map(len, tasks))} workers"
        elif kind in ("mirrored", "one_device"):
            text += f" ({', '.join(self._names()[:replicas])})"
        picked = ", picked by auto" if self.kind == "auto" else ""
        return f"{text}, {self.precision}{picked}"


def _tpu() -> tf.distribute.Strategy:
    """Makes the strategy of a TPU; it was never run on one."""
    name = os.environ.get("TPU_NAME", "local")
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
    try:
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DevicesError(
            f"`tpu` can't use TPU {name!r} (TPU_NAME): {reason}"
        ) from error
    return tf.distribute.TPUStrategy(resolver)
