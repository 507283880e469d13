"""Grids that a run keeps come back as they were stored."""

import numpy as np
import pytest

from pipeline.recordset import records
from trainer.run import directory, other_grids


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_grids_come_back_as_records_give_them(tmp_path, dtype) -> None:
    spec = records.GridSpec(locations=4, depth=6, dtype=dtype)
    draw = np.random.default_rng(0).normal(size=(3, 4, 6))
    grids = spec.narrow(draw.astype(np.float32))
    other_grids.write(str(tmp_path), grids, spec)
    found = other_grids.read(str(tmp_path), spec)
    np.testing.assert_array_equal(found, grids.astype(np.float32))


def test_a_run_that_has_kept_none_has_none(tmp_path) -> None:
    assert other_grids.read(str(tmp_path), records.GridSpec(4, 6)) is None


@pytest.mark.parametrize("size", [0, 100])
def test_a_cut_file_is_named(tmp_path, size) -> None:
    path = tmp_path / other_grids.FILE
    path.write_bytes(bytes(size))
    with pytest.raises(directory.RunError) as error:
        other_grids.read(str(tmp_path), records.GridSpec(4, 6))
    assert str(error.value).startswith(f"{path} is damaged (")
