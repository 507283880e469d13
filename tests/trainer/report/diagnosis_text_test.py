"""A diagnosis in the terminal."""

from tests.support import evidence as sound
from trainer.diagnosis import doctor, treatment
from trainer.diagnosis.comparison import Comparison, Scores
from trainer.diagnosis.cures import ByHand, Training
from trainer.report import diagnosis_text


def test_a_cause_has_evidence_dose_refutation_and_cure() -> None:
    found = doctor.diagnose(sound.evidence(data=sound.wrong_pairs(0.5)))
    text = diagnosis_text.terminal(found, "s3://runs/a/diagnosis.html")
    first, blank, cause, *lines, gap, page = text.splitlines()
    assert first == found.headline and not blank and not gap
    assert cause == (
        "1. mismatched-pairs (strength 100%, about 50% of the pairs (45% to "
        "55%)): Captions do not belong to their images."
    )
    assert lines[0].startswith(
        "   for:      of 1,200 images, 25% have captions"
    )
    assert lines[1].startswith("   refuted if pairs that you look at all fit")
    assert lines[2].startswith("   do:       # join captions with images by id")
    assert lines[3].endswith("--drop_pairs=runs/a/suspicious_pairs.jsonl")
    assert page == "Page: s3://runs/a/diagnosis.html"


def test_a_treatment_is_told_with_scores_before_and_after() -> None:
    chosen = treatment.Treatment(
        (Training(("AdamW.learning_rate = 0.002",)), ByHand("# look at them"))
    )
    before, after = (
        Scores(text, 180, cider_d, 0.3, 0.5, 0.02)
        for text, cider_d in (("It was bad.", 0.31), ("It is good.", 2.7))
    )
    compared = Comparison("r-cured", (*chosen.done,), (), before, after)
    told = diagnosis_text.cured(chosen, compared)
    assert told[:3] == [
        "Treated, in r-cured:",
        "   done:        AdamW.learning_rate = 0.002",
        "   left to you: # look at them",
    ]
    assert "   CIDEr-D                0.31 -> 2.70" in told
    assert told[-2:] == [
        "   After it: It is good.",
        "   Its page is in r-cured",
    ]
    found = doctor.diagnose(sound.evidence())
    text = diagnosis_text.terminal(found, "s3://page", told)
    assert text.splitlines()[2:-2] == told


def test_without_a_treatment_it_says_why() -> None:
    nothing = treatment.Treatment(())
    assert diagnosis_text.cured(nothing, None) == [
        "Not treated: nothing to cure."
    ]
    hands = treatment.Treatment((ByHand("# other captions"),))
    assert diagnosis_text.cured(hands, None) == [
        "Not treated: what is advised needs your hands.",
        "   left to you: # other captions",
    ]
