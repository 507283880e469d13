"""Puts known faults into runs, and counts what the doctor says of them.

  python -m benchmarks.diagnosis make --folder=F     the runs, once
  python -m benchmarks.diagnosis judge --folder=F    what the doctor says
  python -m benchmarks.diagnosis cure --folder=F     what its advice is worth

All go on where they were killed. A run takes a minute on two cores, its
diagnosis half of one, and its cure three. The doctor sees what a user's folder
holds, no more.
"""

import argparse
import collections
import pathlib
from typing import Any

from benchmarks import treatments
from benchmarks.faults import FAULTS, HEALTHY
from benchmarks.laboratory import Laboratory, counted
from trainer.diagnosis.causes.table import CAUSES


def report(rows: list[dict[str, Any]]) -> str:
    """Formats what was detected, named first and among the first three."""
    sick = [row for row in rows if row["truth"] != "healthy"]
    well = [row for row in rows if row["truth"] == "healthy"]
    named = [[each["cause"] for each in row["causes"]] for row in sick]
    truths = [row["truth"] for row in sick]
    firsts = [(names or ["none"])[0] for names in named]
    pairs = list(zip(truths, firsts, strict=True))
    common = collections.Counter(truths).most_common(1)
    alarmed = sum(row["state"] != "healthy" for row in well)
    seconds = sorted(row["seconds"] for row in rows)
    lines = [
        "detected:        "
        + counted(sum(r["state"] != "healthy" for r in sick), len(sick)),
        "false alarms:    " + counted(alarmed, len(well)),
        "named first:     " + counted(sum(a == b for a, b in pairs), len(sick)),
        "among three:     "
        + counted(
            sum(t in n[:3] for t, n in zip(truths, named, strict=True)),
            len(sick),
        ),
        f"a random cause:  {1 / len(CAUSES):.0%} named first",
        "most frequent:   " + counted(common[0][1] if common else 0, len(sick)),
        f"time of half:    {seconds[len(seconds) // 2]:.0f} s",
        "",
        "Not named first:",
        *(
            f"  {row['name']}: {row['truth']}, named {', '.join(names[:3])}"
            for row, names, (truth, first) in zip(
                sick, named, pairs, strict=True
            )
            if truth != first
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    """Makes runs, judges them, or cures them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["make", "judge", "cure"])
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", default="", help="part of the runs' names")
    given = parser.parse_args()
    laboratory = Laboratory(given.folder)
    faults = [f for f in (*HEALTHY, *FAULTS) if given.only in f.name]
    clinic, rows = treatments.Clinic(laboratory), []
    for seed in range(given.seeds):
        if given.task == "make":
            laboratory.make(faults, seed)
        else:
            tell = laboratory.judge if given.task == "judge" else clinic.treat
            rows += filter(None, (tell(fault, seed) for fault in faults))
    if rows:
        print(
            report(rows) if given.task == "judge" else treatments.report(rows)
        )


if __name__ == "__main__":
    main()
