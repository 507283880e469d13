"""Findings in plain words, for the terminal, the page and the trainer."""

import re
from collections.abc import Sequence

from pipeline.findings.finding import Finding, gravest

VERDICTS = {
    "blank-images": "Images are of one plain colour.",
    "non-finite-grids": "Grids hold values that cannot be stored.",
    "constant-grids": "Grids are the same at every location.",
    "alike-features": "To the encoder the images look alike.",
    "one-caption": "One caption is said of too many images.",
    "templated-captions": "Captions follow a few templates.",
    "repeated-captions": "Captions of one image repeat each other.",
    "wrong-pairs": "Captions of some images belong to others.",
    "shuffled-pairs": "Captions do not seem to belong to their images.",
    "leaked-split": "Images to be judged on are also trained on.",
    "repeated-images": "Images to train on repeat each other.",
    "tiny-vocabulary": "Captions use too few different words.",
    "unknown-words": "Too many words are not in the vocabulary.",
    "few-captions": "Images have too few captions.",
    "too-few-images": "There are few images to train on.",
}
DEFINITIONS = {
    "Near-duplicate": "An image that looks like another to a perceptual hash, "
    "which sees coarse light and dark and is blind to size and compression.",
    "Mode share": "Share of the captions that are the most frequent one; case "
    "and punctuation apart.",
    "Collision probability": "How likely two captions drawn at random are the "
    "same (Simpson 1949).",
    "Loss ladder": "Cross entropy of models that see words only: all alike, by "
    "frequency, and Kneser-Ney after one and two words. A captioner that stays "
    "on a rung knows no more than that rung.",
    "CIDEr-D": "Likeness to the references in which rare words count more; 0 "
    "to 10, which papers print times 100 (Vedantam et al. 2015).",
    "Pairing test": "Each image gets a caption of the image that looks most "
    "like it. Where captions belong to their images, that serves better than "
    "with the images permuted; z counts the difference in standard deviations.",
    "Wrong pairs": "Words are predicted from an image's features by a ridge "
    "regression that has not seen it. Where a caption belongs to its image, it "
    "fits the prediction better than most other captions; of captions that "
    "were dealt out at random, half do not (Storey 2002).",
    "Dispersion": "Variance of the features between images over their whole "
    "variance: 0 where all images look alike to the encoder.",
}


def name(slug: str) -> str:
    """Turns a slug into a heading, such as `Leaked split`."""
    return slug.replace("-", " ").capitalize()


def sentence(finding: Finding) -> str:
    """Returns the first sentence of a finding's meaning."""
    return re.split(r"(?<=[.!?])\s+(?=\S)", finding.meaning.strip())[0]


def measured(finding: Finding) -> str:
    """Formats value and threshold, such as `0.4, stop above 0.2`."""
    side = "above" if finding.above else "below"
    level = "warn" if finding.level == "ok" else finding.level
    threshold = f"{level} {side} {_number(finding.threshold)}"
    if finding.value is None:
        return f"too little data to judge by, {threshold}"
    return f"{_number(finding.value)}, {threshold}"


def lines(findings: Sequence[Finding]) -> list[str]:
    """Formats a line for each finding that is not `ok`, or one if all are."""
    if gravest(findings) == "ok":
        return [f"ok    all checks passed: {verdict(findings)}"]
    return [
        f"{each.level:<5} {each.slug}: {sentence(each)}"
        for each in findings
        if each.level != "ok"
    ]


def verdict(findings: Sequence[Finding]) -> str:
    """Returns one sentence on the first finding, or on all if they are `ok`."""
    if gravest(findings) == "ok":
        return "A captioner can learn from this data."
    first = findings[0]
    return VERDICTS.get(first.slug, sentence(first))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
