"""A diagnosis in the terminal."""

from tests.support import evidence as sound
from trainer.diagnosis import doctor
from trainer.report import diagnosis_text


def test_a_cause_has_evidence_dose_refutation_and_cure() -> None:
    found = doctor.diagnose(sound.evidence(data=sound.wrong_pairs(0.5)))
    text = diagnosis_text.terminal(found, "s3://runs/a/diagnosis.html")
    first, blank, cause, *lines, gap, page = text.splitlines()
    assert first == found.headline and not blank and not gap
    assert cause == (
        "1. mismatched-pairs (100%, about 50% of the pairs (45% to 55%)): "
        "Captions do not belong to their images."
    )
    assert lines[0].startswith(
        "   for:      of 1,200 images, 25% have captions"
    )
    assert lines[1] == "   refuted if twenty pairs that you look at all fit"
    assert lines[2].startswith("   do:       # join captions with images by id")
    assert lines[3].endswith("--drop_pairs=runs/a/suspicious_pairs.jsonl")
    assert page == "Page: s3://runs/a/diagnosis.html"
