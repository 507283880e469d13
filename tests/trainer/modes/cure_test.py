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
from trainer.diagnosis.cures import ByHand, Training, Usage, WithoutPairs
from trainer.diagnosis.treatment import Treatment
from trainer.modes import cure as cure_lib
from trainer.training import setup as setup_lib

NOTHING = {
    "headline": "",
    "evidence": {"said": None, "learning": None, "validation": None},
}


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
    asked = []

    def anew(*given) -> None:
        asked.append(given)
        (Path(given[1]) / "diagnosis.json").write_text(json.dumps(NOTHING))

    chosen = Treatment((Training(("A.b = 1",)), WithoutPairs(str(pairs))))
    compared = cure_lib.cure(case, chosen, NOTHING, anew)
    assert compared and compared.run_dir == f"{copied}-cured"
    made = f"{copied}-cured/records"
    bindings = ["A.b = 1", f"Setup.records = {made!r}"]
    assert asked == [(str(copied), f"{copied}-cured", bindings, True)]
    assert record_set_lib.open_record_set(made).num_images("train") == 10


def test_what_needs_hands_is_left(case) -> None:
    chosen = Treatment((ByHand("# other captions"),))
    assert cure_lib.cure(case, chosen, {}, lambda *_: None) is None


def test_a_folder_that_no_cure_made_is_left_alone(records, copied) -> None:
    other = Path(shutil.copytree(copied, f"{copied}-cured"))
    load(records, "Search.max_length = 2", "diagnose.cure = True")
    text, row = diagnosed(copied)
    assert "1. search-settings" in text  # The diagnosis is not lost by it.
    assert f"The treatment failed: {other} was not made by a cure" in text
    assert "cured" not in row and not (other / "diagnosis.json").exists()


def test_another_treatment_begins_anew(case, copied) -> None:
    def cure(binding: str) -> Path:
        def anew(run_dir, folder, bindings, trains) -> None:
            (Path(folder) / "diagnosis.json").write_text(json.dumps(NOTHING))
            (Path(folder) / "best" / binding).touch()

        chosen = Treatment((Usage((binding,)),))
        assert cure_lib.cure(case, chosen, NOTHING, anew)
        return Path(f"{copied}-cured") / "best"

    cure("A.b = 1")
    assert {"A.b = 1"} < set(map(lambda p: p.name, cure("A.b = 1").iterdir()))
    names = {path.name for path in cure("A.b = 2").iterdir()}
    assert "A.b = 2" in names and "A.b = 1" not in names


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
    assert cured["done"] == ["AdamW.learning_rate = 0.0042"]
    assert "# collect more images" in cured["left"][0]
    assert cured["before"]["steps"] == cured["after"]["steps"] == 60
    assert cured["after"]["swap_gap"] > cured["before"]["swap_gap"] + 0.1
