"""XLA's TPU compiler takes every device program of the shipped runs.

This takes minutes, and needs no TPU. The README says under "Devices" what it
proves, and what it does not.
"""

import pytest

from tests.support import tpu_compiles

pytestmark = [pytest.mark.tpu, pytest.mark.slow]


# What jaxlib 0.10.2 can't read of its own compiler.
UNREAD = {("evaluation", "v6e"), ("gradients", "v6e")}


@pytest.fixture(scope="module", params=tpu_compiles.RUNS)
def rows(request, tmp_path_factory):
    if reason := tpu_compiles.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp(request.param)
    return list(tpu_compiles.rows(folder, request.param))


@pytest.fixture
def read(rows):
    """The rows whose compiled text could be read: all but the known ones."""
    unread = {(r["program"], r["chip"]) for r in rows if "unread" in r}
    assert unread <= UNREAD
    return [row for row in rows if "unread" not in row]


def test_every_program_compiles_for_every_chip(rows):
    assert not [row for row in rows if "refused" in row]
    assert len(rows) == 5 * len(tpu_compiles.HBM)


def test_memory_fits(rows):
    for row in rows:
        assert row["bytes"] < tpu_compiles.HBM[row["chip"]] << 30, row


def test_no_size_is_left_to_the_data(read):
    assert not [row for row in read if row["dynamic"]]


def test_matrices_multiply_in_sixteen_bits(read):
    for row in read:
        kinds = set(row["products"])
        assert kinds == (set() if row["program"] == "apply" else {"bf16"}), row


def test_replicas_meet_in_one_all_reduce(read):
    for row in read:
        # Of one replica too: the compiler keeps it.
        meets = row["program"] == "gradients"
        assert row["all_reduces"] == int(meets), row
