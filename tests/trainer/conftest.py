"""What the trainer's tests read: record sets, and a run of three steps."""

from pathlib import Path

import pytest

from pipeline.recordset.record_set import RecordSet
from tests.support import fixtures
from tests.support.tiny_run import load
from trainer import configurable


@pytest.fixture(scope="module")
def record_set(tmp_path_factory: pytest.TempPathFactory) -> RecordSet:
    """Splits of uneven size, in uneven shards."""
    return fixtures.write_uneven_record_set(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny record set, which no test changes; a split has one image."""
    folder = tmp_path_factory.mktemp("records")
    images = {"train": 12, "validation": 4, "single": 1}
    fixtures.write_record_set(folder, images=images)
    return folder


@pytest.fixture(scope="session")
def run(
    records: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """A run directory after three steps, and what train() said."""
    folder = tmp_path_factory.mktemp("run")
    load(records)
    return folder, configurable.MODES["train"](str(folder))
