"""Faults of the data: pairs, words, images."""

import math

from trainer.diagnosis import suspicious_pairs
from trainer.diagnosis.causes.cause import (
    Cause,
    Dose,
    Opinion,
    between,
    share,
)
from trainer.diagnosis.evidence import Evidence

# z of pairs that fit no better than chance, and of pairs that surely do.
_CHANCE_Z, _SURE_Z = 4.0, 8.0
# z of pairs of which most are wrong; and of sound ones: usual, least, most.
_LITTLE_Z, _WHOLE_Z = 15.0, (60.0, 30.0, 120.0)
# CIDEr-D of people's captions of one image that tell of the image.
_AGREEING = 1.0
_PAIRS = "about {value:.0%} of the pairs ({low:.0%} to {high:.0%})"
_JOIN = "# join captions with images by id, and run pipeline.main again"


def _pairs(evidence: Evidence) -> Opinion | None:
    data, looks = evidence.data, evidence.validation
    if not data:
        return None
    if data.lag_z > _SURE_Z and data.lag_z > 2 * data.pairing_z:
        return Opinion(
            0.98,
            (
                (
                    f"captions fit the image {data.lag:+d} places further by "
                    f"{data.lag_z:.0f} standard deviations, their own by "
                    f"{data.pairing_z:.1f}"
                ),
            ),
            dose=Dose(1.0, 0.95, 1.0, _PAIRS),
            cure=(f"# captions are shifted by {data.lag}: join them by id",),
        )
    chance = data.pairing_z < _CHANCE_Z and data.images >= 100
    if chance and data.dispersion > 0.01:
        agree = data.human is None or data.human > _AGREEING
        return Opinion(
            0.85 if agree else 0.7,
            (
                (
                    f"captions fit their images by {data.pairing_z:.1f} "
                    "standard "
                    f"deviations ({_CHANCE_Z:.0f} is chance), though images "
                    "differ "
                    f"(dispersion {data.dispersion:.2f})"
                ),
            ),
            dose=Dose(1.0, 0.8, 1.0, _PAIRS),
            cure=(_JOIN,),
        )
    if not looks or looks.gap.z < 5 or looks.gap.mean < 0.1:
        return _mostly_wrong(evidence)
    worst = max(
        filter(None, (looks, evidence.train)), key=lambda each: each.wrong
    )
    low, high = (2 * each for each in share(worst.wrong, worst.images))
    if low < 0.04:
        return None
    value = min(2 * worst.wrong, 1.0)
    return Opinion(
        between(low, 0.02, 0.12),
        (
            (
                f"{worst.wrong:.0%} of the captions are likelier with most "
                "other "
                "images than with their own; of sound pairs almost none"
            ),
        ),
        dose=Dose(value, min(low, 1.0), min(high, 1.0), _PAIRS),
        cure=(
            _JOIN,
            (
                "# or leave the most suspicious out: python -m pipeline.main "
                "... "
                f"--drop_pairs={evidence.run_dir}/{suspicious_pairs.FILE}"
            ),
        ),
        files=(suspicious_pairs.FILE,),
    )


def _mostly_wrong(evidence: Evidence) -> Opinion | None:
    """Pairs of a captioner that looks too little to judge them."""
    data = evidence.data
    if not data or data.images < 300 or _is_untrained(evidence):
        return None
    z = max(data.pairing_z, 0.0)
    if z > _LITTLE_Z:
        return None
    value, low, high = (1 - math.sqrt(z / whole) for whole in _WHOLE_Z)
    return Opinion(
        0.6,
        (
            (
                f"captions fit their images by {z:.1f} standard deviations, "
                "though "
                f"images differ (dispersion {data.dispersion:.2f}) and the "
                "encoder "
                "is trained"
            ),
        ),
        dose=Dose(value, max(low, 0.0), high, _PAIRS),
        cure=(_JOIN,),
    )


def _is_untrained(evidence: Evidence) -> bool:
    weights = evidence.settings["encoder"].get("weights", "")
    return str(weights).startswith("none")


def _say_nothing(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.human is None or data.images < 100:
        return None
    if data.pairing_z > _CHANCE_Z or data.lag_z > _SURE_Z:
        return None
    if data.dispersion < 0.01 or data.mode_share > 0.2:
        return None
    agree = data.human > _AGREEING
    return Opinion(
        0.45 if agree else 0.8,
        (
            (
                f"captions fit their images by {data.pairing_z:.1f} standard "
                "deviations at every shift"
            ),
        ),
        (
            (
                (
                    "the captions of one image agree with each other (CIDEr-D "
                    f"{data.human:.2f}), so that they do say something"
                ),
            )
            if agree
            else ()
        ),
        cure=("# caption the images anew: these captions do not tell of them",),
    )


def _templates(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data:
        return None
    least = max(data.mode_share / 0.15, data.mode_images / 0.2)
    if least < 1 and data.collision < 0.02:
        return None
    low, high = share(data.mode_share, data.captions)
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
        cure=("# leave this caption out, or caption these images anew",),
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
        cure=("# collect more images, or train a smaller captioner",),
    )


def _alike_pictures(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.alike < 0.04:
        return None
    low, high = share(data.alike, min(data.images, 1500))
    return Opinion(
        between(data.alike, 0.02, 0.3),
        (f"{data.alike:.0%} of the images look exactly like another one",),
        dose=Dose(
            data.alike,
            low,
            high,
            "about {value:.0%} of the images ({low:.0%} to {high:.0%})",
        ),
        cure=("# fetch these images again, or leave them out",),
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
        cure=("--min_count=1 --max_words=20000  # of pipeline.main",),
    )


def _split(evidence: Evidence) -> Opinion | None:
    data, looks, train = evidence.data, evidence.validation, evidence.train
    if not data or not looks or not train:
        return None
    more = max(data.unknown.values()) - data.unknown["train"]
    if more < 0.05:
        return None
    return Opinion(
        between(more, 0.03, 0.2),
        (
            f"{more:.0%} more of the words are unknown in the validation split",
            f"its captions cost {looks.loss.mean - train.loss.mean:.2f} more",
        ),
        cure=("# split the images of one source by their ids",),
    )


def _stale(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.stale is None or data.stale < 0.1:
        return None
    low, high = share(data.stale, 64)
    return Opinion(
        between(data.stale, 0.05, 0.3),
        (
            (
                f"{data.stale:.0%} of the stored grids are nearer to most "
                "other "
                "images' than to their own, encoded again"
            ),
        ),
        dose=Dose(
            data.stale,
            low,
            high,
            "about {value:.0%} of the images ({low:.0%} to {high:.0%})",
        ),
        cure=("python -m pipeline.main --mode=verify --output=RECORDS",),
    )


def _features(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.dispersion > 0.01:
        return None
    return Opinion(
        between(0.01 - data.dispersion, 0.0, 0.008),
        (f"images differ by {data.dispersion:.2%} of all variance",),
        cure=("# look at the images and at the encoder's weights",),
    )


def _weak(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    encoder = evidence.settings["encoder"]
    if not data or data.pairing_z < _CHANCE_Z or data.images < 300:
        return None
    untrained = _is_untrained(evidence)
    faint = between(25.0 - data.pairing_z, 0.0, 15.0)
    if not untrained and faint < 0.3:
        return None
    return Opinion(
        0.9 if untrained else 0.5 * faint,
        (
            (
                f"captions fit images that look alike to the encoder by "
                f"{data.pairing_z:.0f} standard deviations"
            ),
            f"its weights: {encoder.get('weights')}",
        ),
        cure=("--weights=imagenet  # of pipeline.main, and encode anew",),
    )


CAUSES: tuple[Cause[Evidence], ...] = (
    Cause(
        "blank-images",
        "Many images are one and the same picture.",
        _alike_pictures,
        "the images of the largest group look different to you",
        ("mismatched-pairs", "alike-features", "overfitting"),
    ),
    Cause(
        "alike-features",
        "To the encoder, the images look alike.",
        _features,
        "grids of two unlike images differ",
        ("mismatched-pairs", "weak-features", "captions-say-nothing"),
    ),
    Cause(
        "grids-of-others",
        "Stored grids are not those of their images.",
        _stale,
        "the same images, encoded again, give the stored grids",
        ("mismatched-pairs",),
    ),
    Cause(
        "templated-captions",
        "Captions say the same of many images.",
        _templates,
        "the captioner says another sentence most often than the data",
        ("mismatched-pairs", "captions-say-nothing"),
    ),
    Cause(
        "mismatched-pairs",
        "Captions do not belong to their images.",
        _pairs,
        "twenty pairs that you look at all fit",
        ("weak-features", "overfitting"),
    ),
    Cause(
        "captions-say-nothing",
        "Captions do not tell what is in the image.",
        _say_nothing,
        "somebody can pick the image from its caption",
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
        "weak-features",
        "The encoder tells too little of the images.",
        _weak,
        "a pretrained encoder gives the same scores",
    ),
    Cause(
        "too-few-images",
        "There are too few images to learn from.",
        _few,
        "half of the images give the same validation loss",
        ("overfitting", "uniform-attention"),
    ),
)
