"""A diagnosis in the terminal."""

from tests.support import evidence as sound
from trainer.diagnosis import doctor
from trainer.report import diagnosis_text


def test_a_cause_has_evidence_dose_refutation_and_cure() -> None:
    found = doctor.diagnose(
        sound.evidence(validation=sound.looks(wrong=0.25, worse=0.3))
    )
    text = diagnosis_text.terminal(found, "s3://runs/a/diagnosis.html")
    first, blank, cause, *lines, gap, page = text.splitlines()
    assert first == found.headline and not blank and not gap
    assert cause == (
        "1. mismatched-pairs (100%, about 50% of the pairs (37% to 66%)): "
        "Captions do not belong to their images."
    )
    assert lines[0].startswith("   for:      25% of the captions are likelier")
    assert lines[1] == "   refuted if twenty pairs that you look at all fit"
    assert lines[2].startswith("   do:       # join captions with images by id")
    assert lines[3].endswith("--drop_pairs=runs/a/suspicious_pairs.jsonl")
    assert page == "Page: s3://runs/a/diagnosis.html"
