"""Set-up of every test: two CPU devices, fixed seeds, no gin bindings."""

import os
import pathlib
import signal
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import hypothesis  # noqa: E402
import keras  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402

import gin  # noqa: E402
from tests.support import chromium  # noqa: E402

# Only before the first operation: so that two replicas fit in any test.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


# The same examples in every run, however slow the machine is.
hypothesis.settings.register_profile(
    "seeded",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("seeded")


# A script's background ignores Ctrl-C, and so would programs that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Rooms whose files take long; the short ones then fill both processes' time.
_FIRST = ["whole", "golden", "trainer"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts long files first: one process would wait for the other's last."""

    def place(item: pytest.Item) -> int:
        room = item.path.relative_to(pathlib.Path(__file__).parent).parts[0]
        return _FIRST.index(room) if room in _FIRST else len(_FIRST)

    items.sort(key=place)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seeds random, NumPy, TensorFlow and Keras."""
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def cleared_gin() -> Iterator[None]:
    """gin keeps bindings for as long as the process lives."""
    gin.clear_config()
    yield
    gin.clear_config()


@pytest.fixture(scope="session")
def browser(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[chromium.Chromium]:
    """One tab for all tests; a page that is opened replaces the last."""
    if not chromium.BINARY:
        pytest.skip("Chromium is not installed")
    started = chromium.Chromium(tmp_path_factory.mktemp("profile"))
    yield started
    started.close()
