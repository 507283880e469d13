"""Follows the doctor's advice for faulty runs, and counts what it cures.

A run is cured if its captions of the validation images, scored by what is
truly said of them, reach 80 % of a sound run's CIDEr-D.
"""

import json
import pathlib
import shlex
import time
from typing import Any

from benchmarks import counts
from benchmarks.fault_table import HEALTHY
from benchmarks.faults import WAIVED, Fault
from benchmarks.laboratory import Laboratory
from trainer.diagnosis import caption_results, outputs

CURED = counts.BITES


class Clinic:
    """Treats the runs of a laboratory."""

    def __init__(self, laboratory: Laboratory):
        """Takes the laboratory."""
        self._laboratory = laboratory

    def treat(self, fault: Fault, seed: int) -> dict[str, Any] | None:
        """Treats a judged run, once; None for a sound or missing one.

        Returns:
          CIDEr-D of the run, `before`, of what was made of it, `after`, and of
          a `sound` one; `seconds`, `name` and `by_hand`.
        """
        laboratory = self._laboratory
        row = laboratory.judge(fault, seed)
        if row is None or fault.cause == "healthy":
            return None
        told = laboratory.at("cured", f"{fault.name}-{seed}.json")
        if not told.exists():
            began = time.monotonic()
            run = laboratory.run_dir(fault, seed)
            scores = {
                "before": self._score(fault, run),
                "after": self._score(fault, self._cured(fault, seed, row)),
                "sound": self._score(
                    HEALTHY[0], laboratory.run_dir(HEALTHY[0], seed)
                ),
                "seconds": time.monotonic() - began,
            }
            told.parent.mkdir(exist_ok=True)
            told.write_text(json.dumps(scores))
        scores = json.loads(told.read_text())
        return {**scores, "name": fault.name, "by_hand": fault.by_hand}

    def _cured(
        self, fault: Fault, seed: int, row: dict[str, Any]
    ) -> pathlib.Path:
        """Treats a run; returns the folder of what was made, if it was."""
        run = self._laboratory.run_dir(fault, seed)
        cured = run.with_name(f"{run.name}-cured")
        advised = [
            c["cure"] for c in row["causes"][:1] if c["cause"] == fault.cause
        ]
        if not fault.by_hand:
            self._laboratory.use(
                fault,
                "--mode=diagnose",
                f"--run_dir={run}",
                "--gin_param=diagnose.cure = True",
            )
        elif advised:
            records = self._mended(fault, seed, advised[0])
            sound = self._laboratory.records(HEALTHY[0], seed)
            if records == sound and set(fault.params) <= {WAIVED}:
                # The same training to the bit: it is not made twice.
                return self._laboratory.run_dir(HEALTHY[0], seed)
            self._laboratory.call(
                "trainer.main",
                "--mode=train",
                f"--gin_file={run}/config.gin",
                f"--gin_param=RECORDS = '{records}'",
                f"--run_dir={cured}",
            )
        return cured

    def _mended(
        self, fault: Fault, seed: int, advised: list[str]
    ) -> pathlib.Path:
        """Records as the user makes them who reads the advice."""
        flags = [
            flag
            for line in advised
            if line.startswith("--")
            for flag in shlex.split(line, comments=True)
        ]
        if not flags:
            return self._laboratory.records(HEALTHY[0], seed)
        # The shipped encoder is the pretrained one that is at hand.
        asked = [flag for flag in flags if not flag.startswith("--weights")]
        mended = f"{fault.name}-mended"
        return self._laboratory.records(
            Fault(mended, fault.cause, data=fault.data, flags=asked), seed
        )

    def _score(self, fault: Fault, run: pathlib.Path) -> float:
        """CIDEr-D of a run; 0 if it can't be evaluated."""
        said = run / "validation" / "captions.jsonl"
        self._laboratory.use(
            fault,
            "--mode=evaluate",
            f"--run_dir={run}",
            "--gin_param=evaluate.split = 'validation'",
            "--gin_param=evaluate.truth = None",
            done=said,
        )
        true = self._laboratory.at("pictures", "captions.jsonl")
        try:
            results = caption_results.read(str(said), str(true))
        except caption_results.ResultsError:
            return 0.0
        return outputs.measure(results).said.cider_d


def report(rows: list[dict[str, Any]]) -> str:
    """Formats how many runs were cured, of those that their faults hurt."""
    hurt = [row for row in rows if row["before"] < CURED * row["sound"]]
    cured = [row for row in hurt if row["after"] >= CURED * row["sound"]]
    lines = []
    for title, kinds in (
        ("cured:           ", (True, False)),
        ("by the doctor:   ", (False,)),
        ("by hand:         ", (True,)),
    ):
        hits, count = (
            sum(row["by_hand"] in kinds for row in some)
            for some in (cured, hurt)
        )
        lines.append(title + counts.counted(hits, count))
    for title, some in (
        ("Not cured:", [row for row in hurt if row not in cured]),
        ("Did not hurt:", [row for row in rows if row not in hurt]),
    ):
        lines += ["", title, *map(_line, some)]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    return (
        f"  {row['name']}: CIDEr-D {row['before']:.2f}, then "
        f"{row['after']:.2f}; a sound run {row['sound']:.2f}"
    )
