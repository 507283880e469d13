"""Each environment gives a resolver that knows the cluster and its task."""

import json
import sys
import types

import pytest

from trainer.devices import cluster

VARIABLES = (
    "TF_CONFIG",
    "SLURM_STEP_NUM_TASKS",
    "SLURM_STEP_NODELIST",
    "SLURM_STEP_TASKS_PER_NODE",
    "SLURM_PROCID",
    "HOST_IP",
)


@pytest.fixture
def environment(monkeypatch):
    """Sets variables; those of any cluster around this test are gone."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def set_variables(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_variables


def tf_config(cluster_of: dict, kind: str = "worker", index: int = 0) -> str:
    return json.dumps(
        {"cluster": cluster_of, "task": {"type": kind, "index": index}}
    )


def test_no_environment_is_one_process(environment):
    assert cluster.find() is None


def test_tf_config_tells_cluster_and_task(environment):
    tasks = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
    environment(TF_CONFIG=tf_config(tasks, "worker", 1))
    found = cluster.find()
    assert found.cluster_spec().as_dict() == tasks
    assert (found.task_type, found.task_id) == ("worker", 1)


def test_tf_config_of_one_worker_is_one_process(environment):
    environment(TF_CONFIG=tf_config({"worker": ["a:1"]}))
    assert cluster.find() is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "TF_CONFIG is no JSON object"),
        ("[]", "TF_CONFIG is no JSON object"),
        (
            tf_config({"worker": ["a:1"], "ps": ["b:1"]}),
            "TF_CONFIG may name tasks `chief` and `worker` alone, got ps",
        ),
        (
            tf_config({"worker": ["a:1", "b:1"]}, "worker", 2),
            "TF_CONFIG's task worker 2 is not in its cluster",
        ),
        (
            tf_config({"worker": ["a:1", "b:1"]}, "chief"),
            "TF_CONFIG's task chief 0 is not in its cluster",
        ),
    ],
)
def test_tf_config_that_contradicts_itself(environment, text, message):
    environment(TF_CONFIG=text)
    with pytest.raises(cluster.ClusterError) as error:
        cluster.find()
    assert str(error.value).startswith(message)


def test_slurm_names_the_tasks_of_each_node(environment):
    environment(
        SLURM_STEP_NUM_TASKS="4",
        SLURM_STEP_NODELIST="n[1-2]",
        SLURM_STEP_TASKS_PER_NODE="2(x2)",
        SLURM_PROCID="3",
    )
    found = cluster.find()
    assert found.cluster_spec().as_dict() == {
        "worker": ["n1:8888", "n1:8889", "n2:8888", "n2:8889"]
    }
    assert (found.task_type, found.task_id) == ("worker", 3)


def test_a_slurm_step_of_one_task_is_one_process(environment):
    environment(SLURM_STEP_NUM_TASKS="1", SLURM_PROCID="0")
    assert cluster.find() is None


def test_slurm_names_the_variable_that_is_missing(environment):
    environment(SLURM_STEP_NUM_TASKS="2", SLURM_PROCID="0")
    with pytest.raises(cluster.ClusterError, match="SLURM_STEP_NODELIST"):
        cluster.find()


def pod(name: str, host: str, phase: str = "Running") -> types.SimpleNamespace:
    return types.SimpleNamespace(
        metadata=types.SimpleNamespace(name=name),
        status=types.SimpleNamespace(phase=phase, host_ip=host),
    )


@pytest.fixture
def kubernetes(monkeypatch):
    """A stand-in for the client's package; returns the list of its pods."""
    pods: list[types.SimpleNamespace] = []

    def listed(label_selector: str) -> types.SimpleNamespace:
        assert label_selector == "job-name=captions"
        return types.SimpleNamespace(items=pods)

    api = types.SimpleNamespace(list_pod_for_all_namespaces=listed)
    module = types.ModuleType("kubernetes")
    module.client = types.SimpleNamespace(CoreV1Api=lambda: api)
    module.config = types.SimpleNamespace(load_incluster_config=lambda: None)
    monkeypatch.setitem(sys.modules, "kubernetes", module)
    return pods


def test_kubernetes_pods_know_themselves_by_their_host(environment, kubernetes):
    kubernetes += [pod("captions-1-b", "10.0.0.8"), pod("captions-0-a", "9.9")]
    environment(HOST_IP="10.0.0.8")
    found = cluster.find("job-name=captions")
    assert found.cluster_spec().as_dict() == {
        "worker": ["9.9:8470", "10.0.0.8:8470"]
    }
    assert (found.task_type, found.task_id) == ("worker", 1)


def test_a_pod_elsewhere_is_told_what_to_set(environment, kubernetes):
    kubernetes += [pod("captions-0-a", "10.0.0.7")]
    with pytest.raises(cluster.ClusterError, match=r"HOST_IP must name.*''"):
        cluster.find("job-name=captions")


def test_a_pod_that_does_not_run_yet_is_named(environment, kubernetes):
    kubernetes += [pod("captions-0-a", "10.0.0.7", "Pending")]
    with pytest.raises(cluster.ClusterError, match='"captions-0-a" is not run'):
        cluster.find("job-name=captions")


def test_kubernetes_needs_its_client(environment, monkeypatch):
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(cluster.ClusterError, match="pip install kubernetes"):
        cluster.find("job-name=captions")
