"""Faults of the images and their grids."""

from pipeline.scoring import wilson
from trainer.diagnosis.causes.cause import (
    Cause,
    Dose,
    Opinion,
    between,
)
from trainer.diagnosis.cures import ByHand
from trainer.diagnosis.evidence import Data, Evidence
from trainer.diagnosis.stored_grids import STRANGE, TURNED

# z of pairs below this is no better than chance.
CHANCE_Z = 4.0
# Share of the variance that lies between images, where they look alike.
_ALIKE = 0.01


def _alike_pictures(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    # Where all grids are alike, they say nothing of the pictures.
    if not data or data.alike < 0.04 or data.dispersion < _ALIKE:
        return None
    low, high = wilson.interval(data.alike, data.sampled)
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


def _of_others(evidence: Evidence) -> Opinion | None:
    grids = evidence.data.grids if evidence.data else None
    if not grids or grids.strange < STRANGE or grids.turned > TURNED:
        return None
    least, most = wilson.interval(grids.strange, grids.images)
    # Of grids that are dealt out at random, half show it.
    value, low, high = (
        min(2 * each, 1.0) for each in (grids.strange, least, most)
    )
    return Opinion(
        between(least, STRANGE / 5, STRANGE),
        (
            (
                f"of {grids.images} stored grids, {grids.strange:.0%} are "
                "nearer to most other images' than to their own, encoded again"
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


def _prepared(evidence: Evidence) -> Opinion | None:
    grids = evidence.data.grids if evidence.data else None
    cure = (ByHand("# run pipeline.main again: one code for both encodes"),)
    if grids and grids.turned > TURNED:
        share = f"{grids.turned:.0%}"
        seen = (
            f"of {grids.images} stored grids, {share} are nearer to those of "
            "their image with red and blue exchanged: BGR order"
        )
        return Opinion(0.95, (seen,), cure=cure)
    if grids and grids.prepared:
        return Opinion(0.9, (grids.prepared,), cure=cure)
    return None


def _features(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.dispersion > _ALIKE:
        return None
    return Opinion(
        between(_ALIKE - data.dispersion, 0.0, 0.5 * _ALIKE),
        (f"images differ by {data.dispersion:.2%} of all variance",),
        cure=(ByHand("# look at the images and at the encoder's weights"),),
    )


def _weak(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data or data.pairing_z < CHANCE_Z or data.images < 300:
        return None
    told = _untrained(data) or _narrow(data) or _by_elimination(evidence)
    if not told:
        return None
    strength, seen = told
    fit = (
        f"captions fit images that look alike to the encoder by "
        f"{data.pairing_z:.0f} standard deviations"
    )
    return Opinion(
        strength,
        (seen, fit),
        cure=(
            ByHand("--weights=imagenet  # of pipeline.main, and encode anew"),
        ),
    )


def _untrained(data: Data) -> tuple[float, str] | None:
    if not data.untrained:
        return None
    return 0.9, "the encoder's weights are the noise that --weights=none gives"


def _narrow(data: Data) -> tuple[float, str] | None:
    strength = 0.8 * between(0.05 - data.dispersion, 0.0, 0.03)
    if not strength:
        return None
    return strength, (
        f"images differ by {data.dispersion:.1%} of all variance, where those "
        "of a trained encoder do by 20%"
    )


def _by_elimination(evidence: Evidence) -> tuple[float, str] | None:
    """It learns a few images by heart, and nothing of many, though all fit."""
    looks, own = evidence.train, evidence.trials.get("own")
    if not looks or not own or not own.passed or looks.gap.mean > 0.1:
        return None
    return 0.5, (
        "a fresh captioner learns 32 images by heart, and this one tells "
        "nothing of those that it was trained on: another image costs "
        f"{looks.gap.mean:.2f}"
    )


CAUSES: tuple[Cause[Evidence], ...] = (
    Cause(
        "blank-images",
        "Many images are one and the same picture.",
        _alike_pictures,
        "the images of the largest group look different to you",
        ("mismatched-pairs", "overfitting"),
    ),
    Cause(
        "alike-features",
        "To the encoder, the images look alike.",
        _features,
        "grids of two unlike images differ",
        (
            "mismatched-pairs",
            "weak-features",
            "captions-say-nothing",
            "grids-of-others",
            "blind",
        ),
    ),
    Cause(
        "grids-of-others",
        "Stored grids are not those of their images.",
        _of_others,
        "the same images, encoded again, give the stored grids",
        ("mismatched-pairs",),
    ),
    Cause(
        "prepared-otherwise",
        "Images are prepared otherwise than they were for the records.",
        _prepared,
        "an image that is encoded now has the stored grid",
    ),
    Cause(
        "weak-features",
        "The encoder tells too little of the images.",
        _weak,
        "a pretrained encoder gives the same scores",
    ),
)
