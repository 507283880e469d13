"""Names become strategies, and nothing else is accepted."""

from collections.abc import Iterator

import keras
import pytest
import tensorflow as tf

from trainer import strategy


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


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"kind": "tpu"},
            "`kind` must be one of auto, one_device, mirrored, got 'tpu'",
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
