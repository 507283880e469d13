"""What a diagnosis advises is carried out beside the run."""

import json
import shutil
from pathlib import Path

import pytest

import gin
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset.records import GridSpec
from tests.support import fixtures
from tests.support.tiny_run import load
from trainer import configurable
from trainer.diagnosis import case as case_lib
from trainer.diagnosis.cures import ByHand, Training, WithoutPairs
from trainer.diagnosis.treatment import Treatment
from trainer.modes import cure as cure_lib
from trainer.run import directory
from trainer.training import setup as setup_lib


@pytest.fixture
def copied(run, tmp_path: Path) -> Path:
    return shutil.copytree(run[0], tmp_path / "run")


def diagnosed(run_dir: Path) -> tuple[str, dict]:
    said = configurable.MODES["diagnose"](str(run_dir))
    return said.text, json.loads((run_dir / "diagnosis.json").read_text())


def test_files_and_settings_of_others_are_replaced(records, copied) -> None:
    words = copied / "vocabulary.tsv"
    *special, one, two = words.read_text().splitlines(keepends=True)[:6]
    rest = words.read_text().splitlines(keepends=True)[6:]
    words.write_text("".join([*special, two, one, *rest]))
    before = words.read_text()
    with open(copied / "config.gin", "a") as config:
        config.write("\nSearch.max_length = 2\n")
    load(records, "Search.max_length = 2", "diagnose.cure = True")
    text, row = diagnosed(copied)
    cured = Path(f"{copied}-cured")
    assert f"Treated, in {cured}:" in text
    assert f"   done:        cp {records}/vocabulary.tsv {words}" in text
    assert "   done:        Search.max_length = 8" in text
    assert row["cured"]["run_dir"] == str(cured)
    assert row["cured"]["after"]["steps"] == 3
    assert "The treatment" in (copied / "diagnosis.html").read_text()
    assert words.read_text() == before
    own = (records / "vocabulary.tsv").read_text()
    assert (cured / "vocabulary.tsv").read_text() == own
    assert (cured / "other_images.grids").exists()
    after = json.loads((cured / "diagnosis.json").read_text())
    assert after["evidence"]["strange"] == {}
    assert "cured" not in after


@pytest.fixture
def case(records, copied) -> case_lib.Case:
    load(records)
    setup: setup_lib.Setup = gin.get_configurable("Setup")()
    return case_lib.open_case(str(copied), setup)


def test_pairs_are_left_out_of_a_copy_of_the_records(case, copied) -> None:
    pairs = copied / "suspicious_pairs.jsonl"
    pairs.write_text('{"image_id": "train-1"}\n{"image_id": "train-5"}\n')
    row = json.loads(json.dumps({"headline": "", "evidence": {
        "said": None, "learning": None, "validation": None}}))  # fmt: skip
    asked = []

    def anew(*given) -> None:
        asked.append(given)
        (Path(given[1]) / "diagnosis.json").write_text(json.dumps(row))

    chosen = Treatment((Training(("A.b = 1",)), WithoutPairs(str(pairs))))
    compared = cure_lib.cure(case, chosen, row, anew)
    assert compared and compared.run_dir == f"{copied}-cured"
    made = f"{copied}-cured/records"
    bindings = ["A.b = 1", f"Setup.records = {made!r}"]
    assert asked == [(str(copied), f"{copied}-cured", bindings, True)]
    assert record_set_lib.open_record_set(made).num_images("train") == 10


def test_what_needs_hands_is_left(case) -> None:
    chosen = Treatment((ByHand("# other captions"),))
    assert cure_lib.cure(case, chosen, {}, lambda *_: None) is None


def test_a_folder_of_another_run_is_refused(records, copied) -> None:
    other = Path(shutil.copytree(copied, f"{copied}-cured"))
    identity = json.loads((other / "identity.json").read_text())
    (other / "identity.json").write_text(json.dumps({**identity, "seed": 9}))
    load(records, "Search.max_length = 2", "diagnose.cure = True")
    with pytest.raises(directory.RunError, match="belongs to another run"):
        diagnosed(copied)


@pytest.mark.slow
def test_a_rate_that_is_too_low_is_cured(tmp_path: Path) -> None:
    fixtures.write_record_set(
        tmp_path / "records",
        images={"train": 64, "validation": 20},
        grid=GridSpec(locations=2, depth=32),
    )
    gin.clear_config()
    load(
        tmp_path / "records",
        "NUM_STEPS = 60",
        "MAX_LENGTH = 8",
        "Cadence.evaluate_every = 60",
        "Cadence.checkpoint_every = 60",
        "Cadence.steps_per_call = 20",
        "ShowAttendTell.units = 32",
        "ShowAttendTell.embedding_units = 16",
        "Batching.batch_images = 16",
        "AdamW.warmup_steps = 5",
        "AdamW.learning_rate = 1e-6",
        "diagnose.cure = True",
    )
    run = tmp_path / "run"
    configurable.MODES["train"](str(run))
    _, row = diagnosed(run)
    assert row["causes"][0]["cause"] == "updates-too-small"
    cured = row["cured"]
    assert cured["done"] == ["AdamW.learning_rate = 0.002"]
    assert "# collect more images" in cured["left"][0]
    assert cured["before"]["steps"] == cured["after"]["steps"] == 60
    assert cured["after"]["swap_gap"] > cured["before"]["swap_gap"] + 0.1
