"""Environment -> the cluster that this process is a worker of."""

import json
import os
from typing import Any, TypeAlias

import tensorflow as tf

Resolver: TypeAlias = tf.distribute.cluster_resolver.ClusterResolver
_PORT = 8470


class ClusterError(ValueError):
    """The environment describes no usable cluster; says what is missing."""


def find(pods: str = "") -> Resolver | None:
    """Finds the cluster that the environment describes.

    `TF_CONFIG` is read first (Kubeflow's operator and this package's launcher
    set it), then SLURM's variables, for a step of two tasks or more.

    Args:
      pods: label selector of the Kubernetes pods that are the workers, such as
        `job-name=captions`. If given, Kubernetes is asked instead.

    Returns:
      A resolver whose `task_id` is set, or None for one process.

    Raises:
      ClusterError: the environment contradicts itself.
    """
    if os.environ.get("TF_CONFIG"):
        return _tf_config()
    if pods:
        return _kubernetes(pods, _client())
    if int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        return _slurm()
    return None


def _tf_config() -> Resolver | None:
    try:
        cluster = json.loads(os.environ["TF_CONFIG"]).get("cluster", {})
    except (json.JSONDecodeError, AttributeError) as error:
        raise ClusterError(f"TF_CONFIG is no JSON object: {error}") from error
    unknown = cluster.keys() - {"chief", "worker"}
    if unknown:
        raise ClusterError(
            "TF_CONFIG may name tasks `chief` and `worker` alone, got "
            f"{', '.join(sorted(unknown))}"
        )
    if sum(map(len, cluster.values())) < 2:
        return None
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    tasks = cluster.get(resolver.task_type, ())
    if not 0 <= (resolver.task_id or 0) < len(tasks):
        raise ClusterError(
            f"TF_CONFIG's task {resolver.task_type} {resolver.task_id} is "
            "not in its cluster"
        )
    return resolver


def _slurm() -> Resolver:
    tasks = int(os.environ["SLURM_STEP_NUM_TASKS"])
    # SLURM itself assigns GPUs to tasks (--gpus-per-task). The resolver would
    # ask nvidia-smi for GPUs, and gives no address to a task without any.
    try:
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            gpus_per_node=tasks, gpus_per_task=1, auto_set_gpu=False
        )
        resolver.cluster_spec()  # Sets the resolver's task.
    except (RuntimeError, ValueError) as error:
        raise ClusterError(f"SLURM's variables: {error}") from error
    return resolver


def _client() -> Any:
    try:
        from kubernetes import client, config
    except ImportError as error:
        raise ClusterError(
            "`Devices.pods` needs the Kubernetes client: pip install kubernetes"
        ) from error
    config.load_incluster_config()
    return client.CoreV1Api()


def _kubernetes(pods: str, client: Any) -> Resolver:
    """Finds pods by label; HOST_IP, its own address, says which pod this is."""
    resolver = tf.distribute.cluster_resolver.KubernetesClusterResolver(
        {"worker": [pods]}, tf_server_port=_PORT, override_client=client
    )
    try:
        addresses = resolver.cluster_spec().as_dict().get("worker", [])
    except RuntimeError as error:
        raise ClusterError(f"{error}; start again when it is") from error
    own = f"{os.environ.get('HOST_IP', '')}:{_PORT}"
    if own not in addresses:
        raise ClusterError(
            f"HOST_IP must name the host of one of the pods {pods!r} (set it "
            "by the downward API from status.hostIP): got "
            f"{own.partition(':')[0]!r}, and they run on {addresses}"
        )
    resolver.task_type, resolver.task_id = "worker", addresses.index(own)
    return resolver
