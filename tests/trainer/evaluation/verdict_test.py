"""The verdict that follows from given evidence."""

import dataclasses

import pytest

from trainer.evaluation.verdict import FEWEST_IMAGES, Evidence, verdict

EVIDENCE = Evidence(
    loss_gap=0.62,
    loss_gap_error=0.015,
    own=[0.5, 0.6, 0.4, 0.5, 0.7, 0.42] * 2,
    swapped=[0.1, 0.0, 0.1, 0.0, 0.1, 0.06] * 2,
    mode_share=0.02,
    collision=0.001,
)


def test_verdict_on_a_model_that_looks():
    assert verdict(EVIDENCE) == (
        "It looks at the image: swapping images raises the loss by 0.62 nats"
        " per token (z = 41.3) and cuts CIDEr-D from 0.52 to 0.06 (z = 13.2)."
    )


def test_verdict_on_a_model_that_does_not_look():
    blind = dataclasses.replace(
        EVIDENCE, loss_gap=0.0, loss_gap_error=0.0, swapped=EVIDENCE.own
    )
    assert verdict(blind) == (
        "It does NOT look at the image: swapping images changes the loss by"
        " 0.00 nats per token (z = 0.0) and takes CIDEr-D from 0.52 to 0.52"
        " (z = 0.0); z above 3 would count."
    )


def test_verdict_needs_both_signs():
    loss_only = dataclasses.replace(EVIDENCE, swapped=EVIDENCE.own)
    score_only = dataclasses.replace(EVIDENCE, loss_gap=0.01)
    assert verdict(loss_only).startswith("It sees the image, but its captions")
    assert verdict(score_only).startswith("The evidence disagrees")


def test_verdict_does_not_count_a_gap_of_the_wrong_sign():
    worse = dataclasses.replace(
        EVIDENCE, loss_gap=-0.62, own=EVIDENCE.swapped, swapped=EVIDENCE.own
    )
    assert verdict(worse).startswith("It does NOT look at the image")


def of_images(number):
    own, swapped = EVIDENCE.own[:number], EVIDENCE.swapped[:number]
    return dataclasses.replace(EVIDENCE, own=own, swapped=swapped)


def test_too_few_images_neither_praise_nor_accuse():
    few = of_images(4)
    assert few.looks is None
    assert verdict(few) == (
        "Too few images to tell: by chance all 4 speak for it once in 16 times,"
        " where only once in 741 counts; 10 images would do."
        " Swapping images changes the loss by 0.62 nats per token and takes"
        " CIDEr-D from 0.50 to 0.05."
    )
    blind = dataclasses.replace(few, loss_gap=0.0, swapped=few.own)
    assert blind.looks is None
    assert verdict(blind).startswith("Too few images to tell: ")


def test_as_many_images_as_are_asked_for_do():
    assert verdict(of_images(9)).startswith("Too few images to tell: ")
    assert verdict(of_images(FEWEST_IMAGES)).startswith("It looks at the image")
    assert of_images(FEWEST_IMAGES).looks is True


def test_repetition_is_told_of_few_images_too():
    line = verdict(dataclasses.replace(of_images(4), mode_share=1.0))
    assert line.startswith("Too few images to tell: ")
    assert line.endswith("Collapse: 100% of the captions are the same one.")


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        (
            {"mode_share": 0.62},
            "Collapse: 62% of the captions are the same one.",
        ),
        ({"mode_share": 0.07}, "Warning: 7% of the captions are the same one."),
        ({"collision": 0.02}, "Warning: 2.0% of caption pairs are equal."),
        ({"mode_share": 0.05, "collision": 0.01}, "."),
        ({"mode_share": 0.07, "training_mode_share": 0.03}, "."),
        ({"collision": 0.02, "training_collision": 0.01}, "."),
    ],
)
def test_verdict_names_repetition(changes, ending):
    line = verdict(dataclasses.replace(EVIDENCE, **changes))
    assert line.startswith(verdict(EVIDENCE))
    assert line.endswith(ending)
    assert ("captions are" in line or "pairs" in line) == (ending != ".")


def test_evidence_must_be_of_the_same_images():
    with pytest.raises(ValueError, match="12 own and 11 swapped scores"):
        dataclasses.replace(EVIDENCE, swapped=EVIDENCE.swapped[1:])
    with pytest.raises(ValueError, match="1 own and 1 swapped scores"):
        dataclasses.replace(EVIDENCE, own=[0.1], swapped=[0.1])


@pytest.mark.parametrize(
    ("gap", "error"), [(float("nan"), 1.0), (0.1, float("nan")), (0.1, -1.0)]
)
def test_evidence_must_be_numbers(gap, error):
    with pytest.raises(ValueError, match="cannot be judged"):
        dataclasses.replace(EVIDENCE, loss_gap=gap, loss_gap_error=error)
