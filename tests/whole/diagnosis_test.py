"""Faults put into runs from outside are named, and sound runs are not.

`python -m benchmarks.diagnosis` does the same with many more.
"""

from typing import Any

import pytest

from benchmarks import counts, fault_table, faults, treatments
from benchmarks.laboratory import Laboratory
from benchmarks.pictures import Scenes
from tests.support import forks
from trainer.diagnosis.causes import table

CHEAP = (
    *("healthy", "pairs-50", "lag-1", "coverage-300", "rate-1"),
    *("weights-first", "settings-blind", "search-3"),
    # Three public reports: a vocabulary in another order, beams that were
    # expanded twice, and a cut-off above the count of every word.
    *("words-sorted", "beams", "unknown-all"),
)


@pytest.fixture(scope="module")
def laboratory(
    tmp_path_factory: pytest.TempPathFactory,
) -> Laboratory:
    folder = tmp_path_factory.mktemp("lab")
    made = Laboratory(folder, Scenes(images=700), without_start_up)
    made.make(map(fault, CHEAP), seed=0)
    return made


def without_start_up(*command: str) -> str:
    ended = forks.run_module(*command)
    return ended.output + ended.errors


def fault(name: str) -> faults.Fault:
    every = fault_table.of_scenes(seed=1)
    return next(each for each in every if each.name == name)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEAP)
def test_a_fault_is_named_first_and_a_sound_run_is_none(
    laboratory: Laboratory, name: str
) -> None:
    row = laboratory.judge(fault(name), seed=0)
    assert row is not None
    named = [each["cause"] for each in row["causes"]]
    if row["truth"] == ["healthy"]:
        assert row["state"] == "healthy", named
    else:
        assert row["state"] != "healthy"
        assert named[0] in row["truth"], named
    if row["true_dose"]:
        dose = row["causes"][0]["dose"]
        assert dose["low"] < row["true_dose"] < dose["high"], dose


def judged(name: str, truth: str, state: str, *named: str) -> dict[str, Any]:
    """A diagnosis of nine seconds; half of the pairs are wrong."""
    learning = {"first_loss": 4.0, "last_loss": 9.0 if name == "a" else 1.0}
    rest = {"best_loss": 1.0, "end_loss": 1.0}
    return {
        "name": name,
        "truth": truth.split(),
        "state": state,
        "seconds": 9.0,
        "causes": [
            {"cause": slug, "dose": {"value": 0.4 + 0.05 * len(named)}}
            for slug in named
        ],
        "true_dose": 0.5 if truth == "mismatched-pairs" else None,
        "held_out": name != "z",
        "sound": 2.7,
        "evidence": {
            "learning": learning | rest,
            "said": {"cider_d": 2.9 if name == "g" else 0.6, "shuffled": 0.3},
        },
    }


def test_a_report_counts_what_was_named_of_runs_that_were_held_out() -> None:
    said = counts.report(
        [
            judged("a", "rate-too-high", "collapsed", "rate-too-high"),
            judged("b", "blind", "suspicious", "precision", "blind"),
            judged("c", "precision", "healthy"),
            judged("d", "healthy", "healthy"),
            judged("e", "mismatched-pairs", "collapsed", "mismatched-pairs"),
            judged("f", "blind precision", "collapsed", "blind"),
            judged("g", "blind", "healthy", "precision"),
            judged("z", "healthy", "suspicious", "precision"),
        ]
    )
    first, held_out = said.split("Runs that were held out: 7\n\n")
    assert "false alarms:    1 of 1 (100%, " in first
    assert held_out.splitlines()[:11] == [
        "detected:        4 of 5 (80%, 38% to 96%)",
        "false alarms:    0 of 1 (0%, 0% to 79%)",
        "named first:     2 of 4 (50%, 15% to 85%)",
        "among three:     3 of 4 (75%, 30% to 95%)",
        "abstained:       1 of 5 (20%, 4% to 62%)",
        "both of two:     0 of 1 (0%, 0% to 79%)",
        f"a random cause:  {1 / len(table.CAUSES):.0%} named first",
        "most frequent:   1 of 4 (25%, 5% to 70%)",
        "loss curves:     1 of 4 (25%, 5% to 70%)",
        "dose, error:     median 5%, largest 5% of 1",
        "time, median:    9 s",
    ]
    assert "  blind                  recall 0 of 1, precision 0 of 0" in said
    assert "  b: blind, suspicious, named precision, blind" in said
    assert said.endswith("Did not bite:\n  g: blind, healthy, named precision")


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
