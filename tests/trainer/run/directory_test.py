"""A run's directory belongs to one run."""

import dataclasses
import os
import pathlib

import pytest

from tests.support.identities import IDENTITY
from trainer.run import directory


def test_a_trainings_directory_is_not_for_others(tmp_path):
    directory.refuse_training(str(tmp_path / "none"))
    directory.claim(str(tmp_path), IDENTITY)
    with pytest.raises(directory.RunError) as error:
        directory.refuse_training(str(tmp_path))
    assert str(error.value) == (
        f"{tmp_path} belongs to a training (identity.json is there): choose "
        "another --run_dir"
    )


def test_directory_is_claimed_once_and_again_for_the_same_run(tmp_path):
    run_dir = os.fspath(tmp_path / "new" / "run")
    directory.claim(run_dir, IDENTITY)
    directory.claim(run_dir, IDENTITY)
    assert directory.read_identity(run_dir) == IDENTITY


def test_another_run_is_refused_by_field(tmp_path):
    run_dir = os.fspath(tmp_path)
    directory.claim(run_dir, IDENTITY)
    with pytest.raises(directory.RunError) as error:
        directory.claim(run_dir, dataclasses.replace(IDENTITY, seed=4))
    assert str(error.value) == (
        f"{run_dir} belongs to another run (seed: 1 there, 4 here): choose "
        "another --run_dir, or change the configuration back"
    )
    assert directory.read_identity(run_dir) == IDENTITY


def test_directory_without_a_run_is_told(tmp_path):
    with pytest.raises(directory.RunError) as error:
        directory.read_identity(os.fspath(tmp_path))
    assert str(error.value) == (
        f"no trained captioner in {os.fspath(tmp_path)!r}: identity.json is "
        "missing"
    )


def test_text_is_replaced_whole(tmp_path):
    path = os.fspath(tmp_path / "file.txt")
    directory.write_text(path, "long old text")
    directory.write_text(path, "new")
    assert pathlib.Path(path).read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]
