"""A run is opened whatever is wrong with it, and that is written down."""

import json
import shutil
from pathlib import Path

import pytest

import gin
from tests.support.tiny_run import load
from trainer import configurable
from trainer.decoding import greedy
from trainer.diagnosis import case as case_lib
from trainer.training import setup as setup_lib


@pytest.fixture
def copied(run, tmp_path) -> Path:
    return shutil.copytree(run[0], tmp_path / "run")


def opened(records, run_dir: Path, *parameters: str) -> case_lib.Case:
    gin.clear_config()
    load(records, *parameters)
    setup: setup_lib.Setup = gin.get_configurable("Setup")()
    return case_lib.open_case(str(run_dir), setup)


def test_a_sound_run_is_its_own(records, copied) -> None:
    case = opened(records, copied)
    assert case.strange == {} and case.step == 3
    assert case.words.digest == case.record_set.vocabulary.digest
    assert [row["step"] for row in case.rows][-1] == 3


def test_the_captioner_is_as_it_was_trained(records, copied) -> None:
    case = opened(records, copied, "ShowAttendTell.uses_image = False")
    assert case.captioner.uses_image
    assert case.strange == {
        "captioner": "uses_image: True in training, False now"
    }
    assert case.own == {"captioner": ("ShowAttendTell.uses_image = True",)}


def test_another_search_is_told(records, copied) -> None:
    case = opened(records, copied, "Search.beams = 1")
    assert case.strange["search"].startswith("beams: ")
    assert case.own["search"] == ("Search.beams = 5",)


def test_another_decoder_is_told_with_lines_that_bring_back_its_own(
    records, copied
) -> None:
    case = opened(
        records, copied, "Setup.search = @Greedy()", "Greedy.max_length = 8"
    )
    assert case.own["search"] == (
        "Search.beams = 5",
        "Search.length_power = 0.7",
        "Setup.search = @Search()",
    )


def test_another_rule_is_told_with_the_line_that_brings_back_its_own(
    records, copied
) -> None:
    case = opened(records, copied, "WordRules.no_repeat_ngram = 3")
    assert case.strange["search"] == (
        "rules.no_repeat_ngram: 0 in training, 3 now"
    )
    assert case.own["search"] == ("WordRules.no_repeat_ngram = 0",)


def test_what_searches_is_named_as_a_configuration_names_it() -> None:
    inner = greedy.Greedy()
    given = {"Guided": (inner,), "Consensus": (inner, "records")}
    for name, decoder in configurable.DECODERS.items():
        made = decoder(*given.get(name, ()))
        searching = "Greedy" if name in given else name
        assert case_lib.decoder_name(made) == searching


def test_words_that_cannot_be_read_are_those_of_the_records(
    records, copied
) -> None:
    (copied / "vocabulary.tsv").write_text("no vocabulary")
    case = opened(records, copied)
    assert "is not the vocabulary that was trained" in case.strange["words"]
    assert case.words is case.record_set.vocabulary
    (copied / "vocabulary.tsv").unlink()
    assert opened(records, copied).strange["words"].endswith("is missing")


def test_weights_of_another_run_are_restored_and_told(records, copied) -> None:
    identity = json.loads((copied / "identity.json").read_text())
    (copied / "identity.json").write_text(json.dumps({**identity, "seed": 9}))
    case = opened(records, copied)
    assert "belongs to another run" in case.strange["weights"]
    assert case.step == 3


def test_without_a_checkpoint_there_are_no_weights(records, copied) -> None:
    for folder in ("best", "checkpoints"):
        shutil.rmtree(copied / folder)
    case = opened(records, copied)
    assert case.step is None
    assert case.strange["weights"].startswith("no checkpoint in ")


def test_other_records_are_told(records, copied) -> None:
    identity = json.loads((copied / "identity.json").read_text())
    identity["records"] = "0" * 64
    (copied / "identity.json").write_text(json.dumps(identity))
    assert "is not the record set" in opened(records, copied).strange["records"]
