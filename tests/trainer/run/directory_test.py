"""A run's directory belongs to one run."""

import dataclasses
import hashlib
import os
import pathlib

import pytest

from tests.support.identities import IDENTITY
from trainer.run import directory


def save_a_checkpoint(run_dir: str) -> None:
    folder = pathlib.Path(run_dir, "checkpoints")
    folder.mkdir()
    (folder / "ckpt-1.index").touch()


def test_a_trainings_directory_is_not_for_others(tmp_path):
    directory.refuse_training(str(tmp_path / "none"))
    directory.claim(str(tmp_path), IDENTITY)
    with pytest.raises(directory.RunError) as error:
        directory.refuse_training(str(tmp_path))
    assert str(error.value) == (
        f"{tmp_path} belongs to a training (identity.json is there): choose "
        "another --run_dir"
    )


@pytest.mark.parametrize("run_dir", ["records", "records/", "records/a/run"])
def test_a_record_set_holds_no_run(tmp_path, monkeypatch, run_dir):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(directory.RunError) as error:
        directory.refuse_records(run_dir, str(tmp_path / "records"))
    assert str(error.value) == (
        f"--run_dir={run_dir} lies in the record set {tmp_path / 'records'}: "
        "choose a folder beside it"
    )


@pytest.mark.parametrize("run_dir", ["run", "records-2", "."])
def test_a_run_stands_beside_a_record_set(tmp_path, monkeypatch, run_dir):
    monkeypatch.chdir(tmp_path)
    directory.refuse_records(run_dir, str(tmp_path / "records"))
    directory.refuse_records("gs://b/run", "gs://b/records")


def test_directory_is_claimed_once_and_again_for_the_same_run(tmp_path):
    run_dir = os.fspath(tmp_path / "new" / "run")
    directory.claim(run_dir, IDENTITY)
    save_a_checkpoint(run_dir)
    directory.claim(run_dir, IDENTITY)
    assert directory.read_identity(run_dir) == IDENTITY


def test_another_run_is_refused_by_field(tmp_path):
    run_dir = os.fspath(tmp_path)
    directory.claim(run_dir, IDENTITY)
    save_a_checkpoint(run_dir)
    for refuse in (directory.check, directory.claim):
        with pytest.raises(directory.RunError) as error:
            refuse(run_dir, dataclasses.replace(IDENTITY, seed=4))
        assert str(error.value) == (
            f"{run_dir} belongs to another run (seed: 1 there, 4 here): choose "
            "another --run_dir, or change the configuration back"
        )
    assert directory.read_identity(run_dir) == IDENTITY


@pytest.mark.parametrize("name", ["run", "run [1]*"])
def test_a_run_that_saved_nothing_gives_its_directory_up(tmp_path, name):
    run_dir = os.fspath(tmp_path / name)
    directory.claim(run_dir, IDENTITY)
    other = dataclasses.replace(IDENTITY, seed=4)
    directory.check(run_dir, other)
    directory.claim(run_dir, other)
    assert directory.read_identity(run_dir) == other
    save_a_checkpoint(run_dir)
    with pytest.raises(directory.RunError, match="belongs to another run"):
        directory.check(run_dir, IDENTITY)


def test_a_runs_name_is_that_of_the_identity_it_began_with(tmp_path):
    run_dir = os.fspath(tmp_path)
    fresh = directory.run_name(run_dir, IDENTITY)
    assert fresh == hashlib.sha256(IDENTITY.dump().encode()).hexdigest()
    directory.claim(run_dir, IDENTITY)
    save_a_checkpoint(run_dir)
    later = dataclasses.replace(IDENTITY, search={"beams": 3})
    assert directory.run_name(run_dir, later) == fresh


@pytest.mark.parametrize("text", ["", "{", '{"seed": NaN'])
def test_a_damaged_identity_is_named(tmp_path, text):
    path = tmp_path / "identity.json"
    path.write_text(text)
    with pytest.raises(directory.RunError) as error:
        directory.read_identity(os.fspath(tmp_path))
    assert str(error.value).startswith(f"{path} is damaged (")


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
