"""A small data card made in code, with every part that a card can have."""

import dataclasses

from pipeline.card.data_card import DataCard, Example
from pipeline.card.facts import (
    CaptionFacts,
    Facts,
    FeatureFacts,
    FloorFacts,
    FrequentCaption,
    LadderFacts,
    PairFacts,
    SplitFacts,
)
from pipeline.findings.finding import Finding

_TRAIN = SplitFacts(
    images=6000,
    captions=30000,
    words=323580,
    types=7371,
    known_types=2534,
    unknown_words=7411,
    captions_per_image=((5, 6000),),
    caption_lengths=((2, 40), (8, 9000), (11, 15960), (22, 4999), (37, 1)),
    repeats=CaptionFacts(
        distinct_exact=29790,
        distinct=29703,
        shared=330,
        mode_share=0.0002,
        collision=6.5e-7,
        entropy=10.29,
        repeated_within=12,
        frequent=(
            FrequentCaption("a dog runs through the grass", 6),
            FrequentCaption("two dogs playing", 4),
        ),
    ),
    blank_images=0,
    repeated_images=14,
    leaked_images=None,
)
_DEV = dataclasses.replace(
    _TRAIN,
    images=1000,
    captions=5000,
    words=54111,
    types=3289,
    known_types=2127,
    unknown_words=1502,
    captions_per_image=((5, 1000),),
    caption_lengths=((3, 9), (10, 4990), (31, 1)),
    repeated_images=0,
    leaked_images=3,
)
FACTS = Facts(
    splits={"train": _TRAIN, "dev": _DEV},
    vocabulary_size=2538,
    rejected={"undecodable": 2},
    features=FeatureFacts(7000, 0.031, 0.42, 0.31, 0.62, 0, 0),
    ladder=LadderFacts("dev", 6000, 1000, 59111, 7.84, 5.13, 3.56, 3.36),
    floors=FloorFacts(
        "dev",
        500,
        2000,
        "a brown and white dog is running through the grass",
        constant=0.13,
        nearest=0.28,
        permuted=0.06,
        permuted_deviation=0.007,
        pairing_z=31.4,
        human=0.71,
    ),
    crowded_hashes=0,
    pairs=PairFacts(1000, wrong=0.012, low=0.004, high=0.023),
)


def example(number: int, split: str = "train") -> Example:
    """The record `number` of a split's first shard."""
    return Example(
        image_id=f"{split}-{number}.jpg",
        split=split,
        file=f"{split}-00000-of-00008.tfrecord",
        offset=140000 * number,
        captions=("A dog runs .", "Two dogs are playing in the grass ."),
    )


HEALTHY = DataCard(
    FACTS,
    (
        Finding(
            "shuffled-pairs",
            "ok",
            31.4,
            6.0,
            above=False,
            meaning="Captions of images that look alike are alike.",
        ),
    ),
    {"sample": ((example(0), example(1)),)},
)

LEAKED = DataCard(
    FACTS,
    (
        Finding(
            "leaked-split",
            "stop",
            0.4,
            0.2,
            above=True,
            meaning="40 % of dev's images have a near-duplicate in train.",
            advice="Split anew with all near-duplicates on one side.",
            consequences=("repeated-images",),
        ),
        Finding(
            "repeated-images",
            "warn",
            0.2,
            0.1,
            above=True,
            meaning="20 % of the images have a near-duplicate.",
            advice="Leave near-duplicates out.",
        ),
        *HEALTHY.findings,
    ),
    {
        "sample": ((example(0), example(1)),),
        "leaked": ((example(3, "dev"), example(4)),),
    },
)
