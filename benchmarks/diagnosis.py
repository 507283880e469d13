"""Puts known faults into runs, and counts what the doctor says of them.

  python -m benchmarks.diagnosis make --folder=F     the runs, once
  python -m benchmarks.diagnosis judge --folder=F    what the doctor says
  python -m benchmarks.diagnosis cure --folder=F     what its advice is worth

All go on where they were killed. A run takes a minute on two cores, its
diagnosis half of one, and its cure three. The doctor sees what a user's folder
holds, no more.
"""

import argparse
import pathlib

from benchmarks import counts, treatments
from benchmarks.fault_table import of_photographs, of_scenes
from benchmarks.laboratory import Laboratory
from benchmarks.pictures import Photographs, Scenes


def main() -> None:
    """Makes runs, judges them, or cures them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["make", "judge", "cure"])
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--only", default="", help="part of the runs' names")
    parser.add_argument(
        "--flickr8k",
        type=pathlib.Path,
        help="folder with Flickr8k's files: photographs in place of scenes",
    )
    given = parser.parse_args()
    pictures = Photographs(given.flickr8k) if given.flickr8k else Scenes()
    planned = of_photographs if given.flickr8k else of_scenes
    laboratory = Laboratory(given.folder, pictures)
    clinic, rows = treatments.Clinic(laboratory), []
    for seed in given.seeds:
        faults = [each for each in planned(seed) if given.only in each.name]
        if given.task == "make":
            laboratory.make(faults, seed)
        else:
            tell = laboratory.judge if given.task == "judge" else clinic.treat
            rows += filter(None, (tell(fault, seed) for fault in faults))
    if rows:
        print(
            counts.report(rows)
            if given.task == "judge"
            else treatments.report(rows)
        )


if __name__ == "__main__":
    main()
