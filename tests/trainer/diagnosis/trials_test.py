"""Short trainings: with sound settings images are told apart."""

import pytest

import gin
from pipeline.recordset import record_set as record_set_lib
from tests.support.tiny_run import load
from trainer.diagnosis import trials
from trainer.diagnosis.trials import Change
from trainer.run import directory

WIDE = Change("captioner", "units", 32)
FAST = Change("optimizer", "learning_rate", 0.02)
SHORT = Change("optimizer", "warmup_steps", 5)


@pytest.fixture(scope="module")
def laboratory(records, run) -> trials.Laboratory:
    gin.clear_config()
    load(records)
    return trials.Laboratory(
        gin.get_configurable("Setup")(),
        record_set_lib.open_record_set(str(records)),
        directory.read_identity(str(run[0])),
        8,
    )


def test_a_sound_change_is_passed_and_a_bad_one_is_not(
    laboratory, records
) -> None:
    sound = laboratory.run([WIDE, FAST, SHORT])
    still = laboratory.run([WIDE, Change("optimizer", "learning_rate", 1e-7)])
    assert sound.passed and not still.passed
    assert sound.gap.mean > 10 * abs(still.gap.mean)
    assert sound.loss < still.loss
    assert sound.change == (
        "ShowAttendTell.units = 32",
        "AdamW.learning_rate = 0.02",
        "AdamW.warmup_steps = 5",
    )


def test_a_change_is_a_line_of_gin() -> None:
    change = Change("loss", "coverage_weight", 0.0)
    assert change.binding("Any") == "CaptionLoss.coverage_weight = 0.0"
