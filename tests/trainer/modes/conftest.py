"""A tiny record set, and a run of three steps on it."""

import pytest

from tests.support import fixtures
from tests.support.tiny_run import load
from trainer import configurable


@pytest.fixture(scope="package")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    fixtures.write_record_set(folder)
    return folder


@pytest.fixture(scope="package")
def run(records, tmp_path_factory):
    """A run directory after three steps, and what train() said."""
    folder = tmp_path_factory.mktemp("run")
    load(records)
    return folder, configurable.MODES["train"](str(folder))
