"""Diagnosing runs of three steps, sound ones and others."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.tiny_run import load
from trainer import configurable
from trainer.modes.outcome import Outcome
from trainer.run import directory


def diagnose(run_dir: Path) -> tuple[Outcome, dict]:
    said = configurable.MODES["diagnose"](str(run_dir))
    return said, json.loads((run_dir / "diagnosis.json").read_text())


@pytest.fixture
def copied(run, tmp_path) -> Path:
    return shutil.copytree(run[0], tmp_path / "run")


def causes(row: dict) -> list[str]:
    return [each["cause"] for each in row["causes"]]


def test_a_diagnosis_is_text_json_and_a_page(records, copied):
    load(records)
    said, row = diagnose(copied)
    page = (copied / "diagnosis.html").read_text()
    assert said.text.startswith(row["headline"])
    assert said.text.endswith(f"Page: {copied / 'diagnosis.html'}")
    assert said.exit_code == 3 and row["state"] == "collapsed"
    for cause in row["causes"]:
        assert cause["meaning"] in said.text
        assert cause["meaning"] in page
    looked = row["evidence"]["validation"]
    assert set(looked["rises"]) >= {"image", "memory", "state", "uniform"}
    assert row["evidence"]["replayed"] == pytest.approx(
        row["evidence"]["learning"]["logged_loss"], rel=1e-3
    )


def test_other_words_and_weights_are_named_and_not_refused(records, copied):
    words = copied / "vocabulary.tsv"
    *special, one, two = words.read_text().splitlines(keepends=True)[:6]
    rest = words.read_text().splitlines(keepends=True)[6:]
    words.write_text("".join([*special, two, one, *rest]))
    shutil.rmtree(copied / "best")
    shutil.rmtree(copied / "checkpoints")
    load(records)
    said, row = diagnose(copied)
    assert causes(row)[:2] == ["weights-not-restored", "other-words"]
    assert f"{words} (digest " in said.text
    assert f"no checkpoint in {copied}" in said.text
    assert said.exit_code == 3


def test_settings_of_the_configuration_are_compared(records, copied):
    load(
        records,
        "ShowAttendTell.uses_image = False",
        "Search.max_length = 3",
    )
    _, row = diagnose(copied)
    assert {"other-settings", "search-settings"} <= set(causes(row))
    (cause,) = (c for c in row["causes"] if c["cause"] == "other-settings")
    assert "uses_image: True in training, False now" in cause["for"][0]
    assert row["evidence"]["validation"]["rises"]["image"]["error"] > 0


def test_what_is_no_run_is_told(records, tmp_path):
    load(records)
    with pytest.raises(directory.RunError, match="no trained captioner in"):
        configurable.MODES["diagnose"](str(tmp_path))
