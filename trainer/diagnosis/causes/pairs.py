"""Whether captions belong to their images, and tell of them."""

from pipeline.card import suspicious_pairs, wrong_pairs
from pipeline.card.facts import PairFacts
from trainer.diagnosis.causes import pictures
from trainer.diagnosis.causes.cause import (
    Cause,
    Dose,
    Opinion,
    between,
)
from trainer.diagnosis.cures import ByHand, WithoutPairs
from trainer.diagnosis.evidence import Data, Evidence

# z of pairs that fit no better than chance, and of pairs that surely do.
_CHANCE_Z, _SURE_Z = pictures.CHANCE_Z, 8.0
# CIDEr-D of people's captions of one image that tell of the image.
_AGREEING = 1.0
_PAIRS = "about {value:.0%} of the pairs ({low:.0%} to {high:.0%})"
_JOIN = ByHand(
    "# join captions with images by id, in every split, and run pipeline.main "
    "again"
)


def _pairs(evidence: Evidence) -> Opinion | None:
    data = evidence.data
    if not data:
        return None
    if data.lag_z > _SURE_Z and data.lag_z > 2 * data.pairing_z:
        return _shifted(data)
    chance = data.pairing_z < _CHANCE_Z and data.images >= 100
    if chance and data.dispersion > 0.01:
        return _by_chance(data)
    facts = data.pairs
    return _partly_wrong(evidence, facts) if facts else None


def _shifted(data: Data) -> Opinion:
    """All pairs are wrong, by so many places."""
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
        cure=(
            ByHand(f"# captions are shifted by {data.lag}: join them by id"),
        ),
    )


def _by_chance(data: Data) -> Opinion:
    """All pairs are as good as dealt out."""
    agree = data.human is None or data.human > _AGREEING
    return Opinion(
        0.85 if agree else 0.7,
        (
            (
                f"captions fit their images by {data.pairing_z:.1f} "
                f"standard deviations ({_CHANCE_Z:.0f} is chance), though "
                f"images differ (dispersion {data.dispersion:.2f})"
            ),
        ),
        dose=Dose(1.0, 0.8, 1.0, _PAIRS),
        cure=(_JOIN,),
    )


def _partly_wrong(evidence: Evidence, pairs: PairFacts) -> Opinion | None:
    """A share of the pairs is wrong."""
    if wrong_pairs.are_sound(pairs):
        return None
    untrained = bool(evidence.data and evidence.data.untrained)
    listed = WithoutPairs(f"{evidence.run_dir}/{suspicious_pairs.FILE}")
    weak = "the encoder is not trained, which looks the same"
    return Opinion(
        between(pairs.low, 0.02, 0.12) * (0.5 if untrained else 1.0),
        (
            (
                f"of {pairs.images:,} images, {pairs.wrong / 2:.0%} have "
                "captions that fit what their features predict worse than most "
                "other captions do: none would if all pairs were right, half "
                "if all were wrong"
            ),
        ),
        (weak,) if untrained else (),
        dose=Dose(pairs.wrong, pairs.low, pairs.high, _PAIRS),
        cure=(_JOIN,) if untrained else (_JOIN, listed),
    )


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
        cure=(
            ByHand(
                "# caption the images anew: these captions do not tell of them"
            ),
        ),
    )


CAUSES: tuple[Cause[Evidence], ...] = (
    Cause(
        "mismatched-pairs",
        "Captions do not belong to their images.",
        _pairs,
        "pairs that you look at all fit (the worst: suspicious_pairs.jsonl)",
        ("weak-features", "overfitting"),
    ),
    Cause(
        "captions-say-nothing",
        "Captions do not tell what is in the image.",
        _say_nothing,
        "somebody can pick the image from its caption",
    ),
)
