"""Faults of the images and their grids."""

from pipeline.scoring import wilson
from trainer.diagnosis.causes.cause import (
    Cause,
    Dose,
    Opinion,
    between,
)
from trainer.diagnosis.cures import ByHand
from trainer.diagnosis.evidence import Evidence

# z of pairs below this is no better than chance.
CHANCE_Z = 4.0


def is_untrained(evidence: Evidence) -> bool:
    """Whether the encoder has its first weights."""
    weights = evidence.settings["encoder"].get("weights", "")
    return str(weights).startswith("none")


def _alike_pictures(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.alike < 0.04:
        return None
    low, high = wilson.interval(data.alike, min(data.images, 1500))
    return Opinion(
        between(data.alike, 0.02, 0.3),
        (f"{data.alike:.0%} of the images look exactly like another one",),
        dose=Dose(
            data.alike,
            low,
            high,
            "about {value:.0%} of the images ({low:.0%} to {high:.0%})",
        ),
        cure=(ByHand("# fetch these images again, or leave them out"),),
    )


def _stale(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.stale is None or data.stale < 0.1:
        return None
    # Of grids that are dealt out at random, half show it.
    value, low, high = (
        min(2 * each, 1.0)
        for each in (data.stale, *wilson.interval(data.stale, 64))
    )
    return Opinion(
        between(data.stale, 0.05, 0.3),
        (
            (
                f"{data.stale:.0%} of the stored grids are nearer to most "
                "other images' than to their own, encoded again"
            ),
        ),
        dose=Dose(
            value,
            low,
            high,
            "about {value:.0%} of the images ({low:.0%} to {high:.0%})",
        ),
        cure=(
            ByHand(
                "python -m pipeline.main --mode=verify "
                f"--output={evidence.records}"
            ),
        ),
    )


def _features(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.dispersion > 0.01:
        return None
    return Opinion(
        between(0.01 - data.dispersion, 0.0, 0.008),
        (f"images differ by {data.dispersion:.2%} of all variance",),
        cure=(ByHand("# look at the images and at the encoder's weights"),),
    )


def _weak(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    encoder = evidence.settings["encoder"]
    if not data or data.pairing_z < CHANCE_Z or data.images < 300:
        return None
    untrained = is_untrained(evidence)
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
        cure=(
            ByHand("--weights=imagenet  # of pipeline.main, and encode anew"),
        ),
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
        "weak-features",
        "The encoder tells too little of the images.",
        _weak,
        "a pretrained encoder gives the same scores",
    ),
)
