"""Says whether a captioner looks at its images, and if not, why."""

import dataclasses
import json
import os

from pipeline.card import suspicious_pairs
from trainer.data import damage
from trainer.data.batching import Batching
from trainer.diagnosis import case as case_lib
from trainer.diagnosis import doctor, examination, trials
from trainer.diagnosis import suspicious_pairs as suspects
from trainer.diagnosis.causes import settings
from trainer.diagnosis.evidence import Evidence, Trial
from trainer.modes.outcome import Outcome
from trainer.report import diagnosis_page, diagnosis_text
from trainer.run import directory
from trainer.training import setup as setup_lib

JSON_FILE, PAGE_FILE = "diagnosis.json", "diagnosis.html"
# A cause as likely as this needs no trial to be believed.
_SURE = 0.8
_SHOWN = 12


def diagnose(run_dir: str, *, setup: setup_lib.Setup) -> Outcome:
    """Says whether a captioner looks at its images, and if not, why.

    Writes `diagnosis.json` and `diagnosis.html` into the run's folder; where a
    part of the pairs is wrong, also `suspicious_pairs.jsonl`.

    Args:
      run_dir: of a trained captioner.
      setup: as the run is used; what the run was trained with is read from its
        folder, and compared.

    Returns:
      The diagnosis. Its exit code: 0 healthy, 1 could not tell, 3 collapsed, 4
      suspicious.

    Raises:
      RunError: nothing was trained there.
      RecordSetError: the record set can't be used.
      CorruptShard: a shard of it is damaged.
    """
    setup.devices.alone().open()
    case = case_lib.open_case(run_dir, setup)
    with damage.named(case.record_set):
        evidence, examples = examination.examine(
            case,
            batching=Batching(**case.identity.batching),
            decoder=setup.search,
            split=case.identity.selection["validation_split"],
        )
        evidence = _tried(case, setup, evidence)
        found = doctor.diagnose(evidence)
        if suspicious_pairs.FILE in found.files:
            _write_pairs(case)
    row = {**found.to_json(), "evidence": evidence.to_json()}
    directory.write_text(
        os.path.join(run_dir, JSON_FILE), json.dumps(row, indent=1)
    )
    page = os.path.join(run_dir, PAGE_FILE)
    directory.write_text(
        page, diagnosis_page.render(found, evidence, examples[:_SHOWN])
    )
    return Outcome(diagnosis_text.terminal(found, page), int(found.state))


def _write_pairs(case: case_lib.Case) -> None:
    """Lists train images whose captions fit others better."""
    pairs = suspects.find(case.record_set, "train")
    directory.write_text(
        os.path.join(case.run_dir, suspicious_pairs.FILE),
        suspicious_pairs.dump(pairs),
    )


def _tried(
    case: case_lib.Case, setup: setup_lib.Setup, evidence: Evidence
) -> Evidence:
    """Adds short trainings where a setting may be the cause."""
    suspects = settings.suspects(evidence.settings)
    first = doctor.diagnose(evidence)
    sure = bool(first.named) and first.named[0].strength >= _SURE
    if sure or not (suspects or first.state == doctor.State.COLLAPSED):
        return evidence
    laboratory = trials.Laboratory(
        setup,
        case.record_set,
        case.identity,
        case.identity.batching["max_length"],
    )
    changes = {
        slug: [trials.Change(s.part, s.name, s.value) for s in sounds]
        for slug, sounds in suspects.items()
    }
    made: dict[str, Trial] = {"own": laboratory.run()}
    for slug, change in changes.items():
        others = [
            each
            for other, several in changes.items()
            if other != slug
            for each in several
        ]
        # With all others sound, what is left is this one's doing.
        made[slug] = laboratory.run([*others, *change])
        if others:
            made[f"but-{slug}"] = laboratory.run(others)
    return dataclasses.replace(evidence, trials=made)
