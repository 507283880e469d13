"""Faults put into runs from outside are named, and sound runs are not.

`python -m benchmarks.diagnosis` does the same with many more.
"""

from pathlib import Path

import pytest

from benchmarks import diagnosis, faults, treatments
from benchmarks.laboratory import Laboratory

CHEAP = (
    *("healthy", "pairs-50", "lag-1", "coverage-300", "rate-1"),
    *("weights-first", "words-sorted", "settings-blind", "search-3"),
)


@pytest.fixture(scope="module")
def laboratory(
    tmp_path_factory: pytest.TempPathFactory,
) -> Laboratory:
    made = Laboratory(tmp_path_factory.mktemp("lab"), images=700)
    made.make(map(fault, CHEAP), seed=0)
    return made


def fault(name: str) -> faults.Fault:
    every = (*faults.HEALTHY, *faults.FAULTS)
    return next(each for each in every if each.name == name)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEAP)
def test_a_fault_is_named_first_and_a_sound_run_is_none(
    laboratory: Laboratory, name: str
) -> None:
    row = laboratory.judge(fault(name), seed=0)
    assert row is not None
    named = [each["cause"] for each in row["causes"]]
    if row["truth"] == "healthy":
        assert row["state"] == "healthy", named
    else:
        assert row["state"] != "healthy"
        assert named[0] == row["truth"], named


def test_a_report_counts_what_was_named(tmp_path: Path) -> None:
    rows = [
        {"name": "a", "truth": "blind", "state": "collapsed", "seconds": 9.0,
         "causes": [{"cause": "blind"}]},
        {"name": "b", "truth": "blind", "state": "suspicious", "seconds": 9.0,
         "causes": [{"cause": "precision"}, {"cause": "blind"}]},
        {"name": "c", "truth": "precision", "state": "healthy", "seconds": 9.0,
         "causes": []},
        {"name": "d", "truth": "healthy", "state": "healthy", "seconds": 9.0,
         "causes": []},
    ]  # fmt: skip
    said = diagnosis.report(rows).splitlines()
    assert said[0] == "detected:        2 of 3 (67%, 21% to 94%)"
    assert said[1].startswith("false alarms:    0 of 1 (0%, ")
    assert said[2].startswith("named first:     1 of 3 (33%, ")
    assert said[3].startswith("among three:     2 of 3 (67%, ")
    assert "  b: blind, named precision, blind" in said


def test_a_treatment_counts_where_the_fault_hurt() -> None:
    names = ("name", "by_hand", "before", "after", "sound")
    rows = [
        dict(zip(names, row, strict=True))
        for row in (
            ("a", False, 0.2, 2.3, 2.7),
            ("b", True, 0.0, 2.1, 2.7),
            ("c", False, 2.2, 0.0, 2.7),
        )
    ]
    assert treatments.report(rows).splitlines() == [
        "cured:           1 of 2 (50%, 9% to 91%)",
        "by the doctor:   1 of 1 (100%, 21% to 100%)",
        "by hand:         0 of 1 (0%, 0% to 79%)",
        "",
        "Not cured:",
        "  b: CIDEr-D 0.00, then 2.10; a sound run 2.70",
        "",
        "Did not hurt:",
        "  c: CIDEr-D 2.20, then 0.00; a sound run 2.70",
    ]
