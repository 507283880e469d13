"""What the doctor said of faulty and sound runs, counted."""

import collections
import math
import statistics
from collections.abc import Sequence
from typing import Any

from pipeline.scoring import wilson
from trainer.diagnosis.causes.table import CAUSES

Row = dict[str, Any]
BITES = 0.8


def report(rows: Sequence[Row]) -> str:
    """Formats both halves: thresholds were set on the first.

    A fault counts where it bites: where the captions lose a fifth or more of
    what they score above other images' captions. The rest is listed.

    Args:
      rows: diagnoses, each with the `truth` [slug] of its run, and the `skill`
        of a `sound` one.
    """
    halves = (
        ("Runs that thresholds were set on", False),
        ("Runs that were held out", True),
    )
    texts = []
    for title, held_out in halves:
        half = [row for row in rows if row["held_out"] == held_out]
        if half:
            texts.append(f"{title}: {len(half)}\n\n{_half(half)}")
    return "\n\n".join(texts)


def counted(hits: int, count: int) -> str:
    """Formats a share with its 95 % interval."""
    if not count:
        return "none"
    low, high = wilson.interval(hits / count, count)
    return f"{hits} of {count} ({hits / count:.0%}, {low:.0%} to {high:.0%})"


def _half(rows: Sequence[Row]) -> str:
    faulty = [row for row in rows if row["truth"] != ["healthy"]]
    sick = [row for row in faulty if _bites(row)]
    well = [row for row in rows if row["truth"] == ["healthy"]]
    single = [row for row in sick if len(row["truth"]) == 1]
    double = [row for row in sick if len(row["truth"]) > 1]
    seconds = sorted(row["seconds"] for row in rows)
    return "\n".join(
        [
            "detected:        " + _share(sick, _alarmed),
            "false alarms:    " + _share(well, _alarmed),
            "named first:     " + _share(single, lambda row: _rank(row) == 0),
            "among three:     " + _share(single, lambda row: _rank(row) < 3),
            "abstained:       " + _share(sick, lambda row: not _named(row)),
            "both of two:     " + _share(double, _both),
            *_baselines(single),
            f"dose, error:     {_dose_error(single)}",
            f"time, median:    {statistics.median(seconds):.0f} s",
            f"time, longest:   {seconds[-1]:.0f} s",
            "",
            *_classes(single),
            "",
            *_confused([*sick, *well]),
            "",
            "Did not bite:",
            *(_line(row) for row in faulty if not _bites(row)),
        ]
    )


def _share(rows: Sequence[Row], hit: Any) -> str:
    return counted(sum(map(hit, rows)), len(rows))


def _bites(row: Row) -> bool:
    return skill(row) < BITES * row["sound"]


def skill(row: Row) -> float:
    """CIDEr-D of a run's captions less that of the same at other images."""
    said = row["evidence"]["said"]
    return float(said["cider_d"] - said["shuffled"]) if said else 0.0


def _alarmed(row: Row) -> bool:
    return bool(row["state"] != "healthy")


def _named(row: Row) -> list[str]:
    return [each["cause"] for each in row["causes"]]


def _first(row: Row) -> str:
    return next(iter(_named(row)), "none")


def _rank(row: Row) -> int:
    named, truth = _named(row), row["truth"][0]
    return named.index(truth) if truth in named else len(CAUSES)


def _both(row: Row) -> bool:
    return set(row["truth"]) <= set(_named(row)[:3])


def _baselines(rows: Sequence[Row]) -> list[str]:
    truths = collections.Counter(row["truth"][0] for row in rows)
    most = max(truths.values(), default=0)
    return [
        f"a random cause:  {1 / len(CAUSES):.0%} named first",
        "most frequent:   " + counted(most, len(rows)),
        "loss curves:     "
        + _share(rows, lambda row: by_curves(row) == row["truth"][0]),
    ]


def by_curves(row: Row) -> str:
    """The cause by what loss curves show, as people look at them."""
    learning = row["evidence"]["learning"]
    if not learning:
        return "none"
    first, last = learning["first_loss"], learning["last_loss"]
    if not math.isfinite(last) or last > first:
        return "rate-too-high"
    if last > 0.6 * first:
        return "updates-too-small"
    best, end = learning["best_loss"], learning["end_loss"]
    if best and end and end > 1.05 * best:
        return "too-few-images"
    return "none"


def _dose_error(rows: Sequence[Row]) -> str:
    errors = [
        abs(row["causes"][_rank(row)]["dose"]["value"] - row["true_dose"])
        for row in rows
        if row["true_dose"] is not None
        and _rank(row) < len(CAUSES)
        and row["causes"][_rank(row)]["dose"]
    ]
    if not errors:
        return "none"
    middle = statistics.median(errors)
    return f"median {middle:.0%}, largest {max(errors):.0%} of {len(errors)}"


def _classes(rows: Sequence[Row]) -> list[str]:
    """Recall and precision of each class, of what is named first."""
    truths = collections.Counter(row["truth"][0] for row in rows)
    firsts = collections.Counter(map(_first, rows))
    right = collections.Counter(r["truth"][0] for r in rows if not _rank(r))
    return [
        f"  {slug:<22} recall {right[slug]} of {truths[slug]}, "
        f"precision {right[slug]} of {firsts[slug]}"
        for slug in sorted(truths)
    ]


def _confused(rows: Sequence[Row]) -> list[str]:
    wrong = [
        row
        for row in rows
        if (_first(row) not in row["truth"])
        and (_alarmed(row) or row["truth"] != ["healthy"])
    ]
    return [
        "Not named first, and false alarms:",
        *map(_line, wrong),
    ]


def _line(row: Row) -> str:
    return (
        f"  {row['name']}: {' and '.join(row['truth'])}, {row['state']}, "
        f"named {', '.join(_named(row)[:3]) or 'none'}"
    )
