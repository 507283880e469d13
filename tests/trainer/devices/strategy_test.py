"""Names give strategies; other names are refused."""

import json
from collections.abc import Iterator

import keras
import pytest
import tensorflow as tf

from trainer.devices import strategy


@pytest.fixture(autouse=True)
def policy_reset() -> Iterator[None]:
    yield
    keras.config.set_dtype_policy("float32")


def test_auto_takes_the_one_device_there_is():
    opened = strategy.Devices().open()
    assert isinstance(opened, tf.distribute.OneDeviceStrategy)
    assert opened.num_replicas_in_sync == 1


def test_auto_mirrors_over_several_named_devices():
    opened = strategy.Devices(names=("CPU:0", "CPU:1")).open()
    assert isinstance(opened, tf.distribute.MirroredStrategy)
    assert opened.num_replicas_in_sync == 2


def test_mirrored_works_on_a_single_device():
    opened = strategy.Devices(kind="mirrored").open()
    assert isinstance(opened, tf.distribute.MirroredStrategy)
    assert opened.num_replicas_in_sync == 1


def test_one_device_takes_the_named_one():
    opened = strategy.Devices(kind="one_device", names=("CPU:1",)).open()
    with opened.scope():
        assert tf.Variable(0).device.endswith("CPU:1")


@pytest.mark.parametrize(
    ("precision", "compute"),
    [("float32", "float32"), ("mixed_bfloat16", "bfloat16")],
)
def test_precision_becomes_the_dtype_policy(precision, compute):
    strategy.Devices(precision=precision).open()
    dense = keras.layers.Dense(1)
    assert (dense.compute_dtype, dense.variable_dtype) == (compute, "float32")


@pytest.fixture
def two_workers(monkeypatch) -> None:
    """The environment of the first of two, which is never opened."""
    cluster = {"worker": ["localhost:1", "localhost:2"]}
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": cluster, "task": task})
    )


def test_the_log_says_what_auto_picked(caplog):
    with caplog.at_level("INFO"):
        strategy.Devices(names=("CPU:0", "CPU:1")).open()
    assert caplog.messages[-1] == (
        "devices: mirrored, 2 replicas (CPU:0, CPU:1), float32, picked by auto"
    )


def test_auto_takes_a_named_tpu(monkeypatch):
    monkeypatch.setenv("TPU_NAME", "local")
    with pytest.raises(strategy.DevicesError) as error:
        strategy.Devices().open()
    assert str(error.value).startswith("`tpu` can't use TPU 'local' (TPU_NAME)")


def test_multi_worker_without_a_cluster_says_how_to_start_one(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(
        strategy.DevicesError, match="with --num_workers, set TF_CONFIG, or use"
    ):
        strategy.Devices(kind="multi_worker").open()


def test_a_worker_does_not_train_by_itself(two_workers):
    with pytest.raises(strategy.DevicesError, match="one of several workers"):
        strategy.Devices(kind="mirrored").open()


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [
        ("multi_worker", (), "one_device"),
        ("auto", ("CPU:0", "CPU:1"), "mirrored"),
        ("mirrored", (), "mirrored"),
        ("tpu", (), "tpu"),
    ],
)
def test_one_process_alone_leaves_the_cluster(kind, names, expected):
    assert strategy.Devices(kind=kind, names=names).alone().kind == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"kind": "gpu"},
            "`kind` must be one of auto, one_device, mirrored, multi_worker,",
        ),
        (
            {"precision": "float16"},
            "`precision` must be one of float32, mixed_bfloat16, mixed_float16",
        ),
    ],
)
def test_refuses_unknown_names(settings, message):
    with pytest.raises(ValueError) as error:
        strategy.Devices(**settings)
    assert str(error.value).startswith(message)
    assert str(error.value).endswith(f"got {next(iter(settings.values()))!r}")
