"""The record set that most of the trainer's tests read."""

import pytest

from pipeline.recordset.record_set import RecordSet
from tests.support import fixtures


@pytest.fixture(scope="module")
def record_set(tmp_path_factory: pytest.TempPathFactory) -> RecordSet:
    """Splits of uneven size, in uneven shards."""
    return fixtures.write_uneven_record_set(tmp_path_factory.mktemp("records"))
