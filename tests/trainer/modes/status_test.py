"""The listing of runs: each in its row, also those that are damaged."""

import logging
import os
import pathlib
import shutil

import pytest

from trainer import configurable
from trainer.run import directory

GOLDEN = pathlib.Path(__file__).parents[2] / "golden"
status = configurable.list_runs


@pytest.fixture
def runs(tmp_path):
    """A run, one of a cross-validation, two damaged ones, no run."""
    for name in ("a", "cv/fold-1-of-2", "b", "c"):
        shutil.copytree(GOLDEN / "run", tmp_path / name)
    (tmp_path / "b" / "identity.json").write_text("{")
    config = tmp_path / "c" / "config.gin"
    config.write_text(config.read_text() + "\nimport no_such_package\n")
    (tmp_path / "notes").mkdir()
    return tmp_path


def test_every_run_has_its_row_and_no_damage_ends_the_listing(runs):
    head, a, b, c, fold, empty, said = status(str(runs)).split("\n")
    assert head.split() == (
        "run state step split score constant shuffled verdict".split()
    )
    assert a.split("  ")[0] == str(runs / "a")
    for row in (a, fold):
        assert "finished" in row and "200 of 200" in row
        assert row.index("200 of 200") == head.index("step")
        assert "loss 0.435" in row and row.endswith("not evaluated")
    assert f"{runs / 'b' / 'identity.json'} is damaged (" in b
    assert "  No module named 'no_such_package'" in c
    assert fold.startswith(str(runs / "cv" / "fold-1-of-2"))
    assert not empty and said.startswith("Log of a run: RUN/metrics.jsonl")


def test_one_run_is_listed_by_itself(runs):
    assert len(status(str(runs / "a")).split("\n")) == 4


def test_a_folder_without_runs_is_named(runs):
    for folder in (runs / "notes", runs / "nowhere"):
        with pytest.raises(directory.RunError) as error:
            status(str(folder))
        assert str(error.value) == (
            f"no run in {str(folder)!r}: name a --run_dir, or the folder above "
            "some"
        )


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_read_is_left_out_and_named(runs, caplog):
    shut = runs / "notes"
    shut.chmod(0)
    with caplog.at_level(logging.WARNING):
        assert len(status(str(runs)).split("\n")) == 7
    assert f"{shut} is left out: it can't be read" in caplog.text
