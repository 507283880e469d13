"""Faults of the captions and of how many there are."""

from pipeline.scoring import wilson
from trainer.diagnosis.causes.cause import (
    Cause,
    Dose,
    Opinion,
    between,
)
from trainer.diagnosis.cures import ByHand
from trainer.diagnosis.evidence import Evidence


def _templates(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data:
        return None
    least = max(data.mode_share / 0.15, data.mode_images / 0.2)
    if least < 1 and data.collision < 0.02:
        return None
    low, high = wilson.interval(data.mode_share, data.captions)
    return Opinion(
        max(
            between(data.mode_share, 0.12, 0.4),
            between(data.mode_images, 0.15, 0.5),
            between(data.collision, 0.01, 0.2),
        ),
        (
            (
                f"{data.mode_share:.0%} of the train captions, and one of "
                f"{data.mode_images:.0%} of the images, are {data.mode!r}"
            ),
            f"two of them are equal with probability {data.collision:.2%}",
        ),
        dose=Dose(
            data.mode_share,
            low,
            high,
            "{value:.0%} of the captions are one ({low:.0%} to {high:.0%})",
        ),
        cure=(
            ByHand("# leave this caption out, or caption these images anew"),
        ),
    )


def _few(evidence: Evidence) -> Opinion | None:
    data, train, looks = evidence.data, evidence.train, evidence.validation
    if not data or data.images >= 600:
        return None
    gap = looks.loss.mean - train.loss.mean if looks and train else 0.0
    return Opinion(
        between(600 - data.images, 0, 350)
        * (0.6 + 0.4 * between(gap, 0.1, 0.8)),
        (
            f"there are {data.images} images to train on",
            f"captions of images that were trained on cost {gap:.2f} less",
        ),
        cure=(ByHand("# collect more images, or train a smaller captioner"),),
    )


def _unknown(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.unknown["train"] < 0.05:
        return None
    value = data.unknown["train"]
    return Opinion(
        between(value, 0.04, 0.2),
        (f"{value:.0%} of the words to learn are not in the vocabulary",),
        dose=Dose(value, value * 0.9, value * 1.1, "{value:.0%} of the words"),
        cure=(ByHand("--min_count=1 --max_words=20000  # of pipeline.main"),),
    )


def _split(evidence: Evidence) -> Opinion | None:
    data, looks, train = evidence.data, evidence.validation, evidence.train
    if not data or not looks or not train:
        return None
    usual = max(data.unknown["train"], data.own_words)
    more = max(data.unknown.values()) - usual
    if more < 0.05:
        return None
    return Opinion(
        between(more, 0.03, 0.2),
        (
            (
                f"{max(data.unknown.values()):.0%} of the words are unknown in "
                f"the validation split, and {usual:.0%} would be in train "
                "images that are held out"
            ),
            f"its captions cost {looks.loss.mean - train.loss.mean:.2f} more",
        ),
        cure=(ByHand("# split the images of one source by their ids"),),
    )


CAUSES: tuple[Cause[Evidence], ...] = (
    Cause(
        "templated-captions",
        "Captions say the same of many images.",
        _templates,
        "the captioner says another sentence most often than the data",
        ("mismatched-pairs", "captions-say-nothing"),
    ),
    Cause(
        "split-shift",
        "The validation split is of another kind than the train split.",
        _split,
        "a part of the train split, held out, scores as badly",
        ("overfitting", "too-few-images"),
    ),
    Cause(
        "unknown-words",
        "Too many words are not in the vocabulary.",
        _unknown,
        "captions are as poor with all words",
    ),
    Cause(
        "too-few-images",
        "There are too few images to learn from.",
        _few,
        "half of the images give the same validation loss",
        ("overfitting", "uniform-attention"),
    ),
)
