"""The table of rules by which a data card is judged."""

import dataclasses
from collections.abc import Callable, Sequence

from pipeline.card import wrong_pairs
from pipeline.card.facts import Facts, SplitFacts
from pipeline.findings import rule as rule_lib
from pipeline.findings.finding import Finding

# With fewer images in a split, or fewer pairs, there is nothing to judge by.
_LEAST_IMAGES, _LEAST_PAIRS = 20, 100


def _train(facts: Facts) -> SplitFacts | None:
    """Returns the train split if it has enough images to judge by."""
    split = facts.splits.get("train")
    return split if split and split.images >= _LEAST_IMAGES else None


def _of_train(
    measure: Callable[[SplitFacts], float | None],
) -> Callable[[Facts], float | None]:
    def value(facts: Facts) -> float | None:
        split = _train(facts)
        return None if split is None else measure(split)

    return value


def _blank(facts: Facts) -> float | None:
    shares = [
        split.blank_images / split.images
        for split in facts.splits.values()
        if split.images >= _LEAST_IMAGES
    ]
    return max(shares, default=None)


def _leaked(facts: Facts) -> float | None:
    shares = [
        split.leaked_images / split.images
        for split in facts.splits.values()
        if split.leaked_images is not None and split.images >= _LEAST_IMAGES
    ]
    return max(shares, default=None)


def _unknown(facts: Facts) -> float | None:
    shares = [
        split.unknown_words / split.words
        for split in facts.splits.values()
        if split.words and split.images >= _LEAST_IMAGES
    ]
    return max(shares, default=None)


def _pairing(facts: Facts) -> float | None:
    floors = facts.floors
    enough = floors and floors.images >= _LEAST_PAIRS
    return floors.pairing_z if floors and enough else None


def _wrong(facts: Facts) -> float | None:
    return facts.pairs.low if facts.pairs else None


def _dispersion(facts: Facts) -> float | None:
    enough = facts.features.images >= _LEAST_IMAGES
    return facts.features.dispersion if enough else None


def _constant(facts: Facts) -> float | None:
    features = facts.features
    if features.images < _LEAST_IMAGES:
        return None
    return features.constant / features.images


def _lost(facts: Facts) -> float | None:
    images = facts.features.images + facts.features.non_finite
    return facts.features.non_finite / images if images else None


# A cause stands above its consequences.
RULES: Sequence[rule_lib.Rule[Facts]] = (
    rule_lib.Rule(
        "blank-images",
        _blank,
        0.02,
        0.5,
        "{:.1%} of a split's images are of one plain colour.",
        "Look at these images where they come from: a failed download, a "
        "placeholder or a wrong decoder leaves them.",
        ("alike-features", "constant-grids", "wrong-pairs", "shuffled-pairs"),
    ),
    rule_lib.Rule(
        "non-finite-grids",
        _lost,
        0.001,
        0.5,
        "{:.1%} of the grids hold values that cannot be stored.",
        "Store the grids as bfloat16 (--grid_dtype), or mend the encoder.",
        ("too-few-images",),
    ),
    rule_lib.Rule(
        "constant-grids",
        _constant,
        0.02,
        0.5,
        "{:.1%} of the grids are the same at every location.",
        "Check the encoder's weights and the preparation of its input.",
        ("alike-features", "wrong-pairs", "shuffled-pairs"),
    ),
    rule_lib.Rule(
        "alike-features",
        _dispersion,
        0.03,
        0.0005,
        "Differences between images are {:.2%} of all variance in the "
        "features.",
        "Check the images, the encoder's weights and the preparation of its "
        "input.",
        ("wrong-pairs", "shuffled-pairs"),
        above=False,
    ),
    rule_lib.Rule(
        "tiny-vocabulary",
        _of_train(lambda split: split.types),
        15,
        10,
        "The train captions use {:.0f} different words.",
        "Caption in more words.",
        (
            "one-caption",
            "templated-captions",
            "repeated-captions",
            "wrong-pairs",
            "shuffled-pairs",
        ),
        above=False,
    ),
    rule_lib.Rule(
        "one-caption",
        _of_train(lambda split: split.repeats.mode_share),
        0.15,
        0.5,
        "One caption makes up {:.1%} of the train captions.",
        "Leave it out or caption these images anew: a captioner that always "
        "says it would look good.",
        (
            "templated-captions",
            "repeated-captions",
            "wrong-pairs",
            "shuffled-pairs",
        ),
    ),
    rule_lib.Rule(
        "templated-captions",
        _of_train(lambda split: split.repeats.collision),
        0.01,
        0.25,
        "Two train captions drawn at random are equal with probability {:.2%}.",
        "Caption in more words: templates leave nothing to learn but "
        "themselves.",
        ("repeated-captions", "wrong-pairs", "shuffled-pairs"),
    ),
    rule_lib.Rule(
        "repeated-captions",
        _of_train(
            lambda split: (
                split.repeats.repeated_within / split.captions
                if split.captions
                else None
            )
        ),
        0.1,
        None,
        "{:.1%} of the train captions repeat another caption of their image.",
        "Keep each caption once: repeated ones cost time and say nothing new.",
        ("few-captions",),
    ),
    rule_lib.Rule(
        "wrong-pairs",
        _wrong,
        wrong_pairs.SOUND,
        0.8,
        "At least {:.0%} of the pairs are wrong, or the features tell nothing "
        "of their captions.",
        "Check how captions were joined with images: by id, never by position; "
        "and the encoder's weights.",
        ("shuffled-pairs",),
    ),
    rule_lib.Rule(
        "shuffled-pairs",
        _pairing,
        4.0,
        3.0,
        "Images that look alike have captions that are {:.1f} standard "
        "deviations more alike than with the images permuted.",
        "Check how captions were joined with images: by id, never by position.",
        above=False,
    ),
    rule_lib.Rule(
        "leaked-split",
        _leaked,
        0.02,
        0.2,
        "{:.1%} of a split's images have a near-duplicate in train.",
        "Split anew, with all near-duplicates on one side: scores on that "
        "split tell nothing.",
        ("repeated-images",),
    ),
    rule_lib.Rule(
        "repeated-images",
        _of_train(lambda split: split.repeated_images / split.images),
        0.1,
        None,
        "{:.1%} of the train images have a near-duplicate in train.",
        "Keep one of each and give it all of their captions.",
        ("too-few-images",),
    ),
    rule_lib.Rule(
        "unknown-words",
        _unknown,
        0.05,
        0.3,
        "{:.1%} of the words of a split are not in the vocabulary.",
        "If the table shows unknown words in train, lower --min_count or raise "
        "--max_words; if only in others, caption more images, and look whether "
        "their captions are in train's language.",
    ),
    rule_lib.Rule(
        "few-captions",
        _of_train(lambda split: split.captions / split.images),
        1.5,
        None,
        "An image of train has {:.1f} captions in the mean.",
        "Collect more: with one caption the words that people agree on "
        "cannot be told from the rest.",
        above=False,
    ),
    rule_lib.Rule(
        "too-few-images",
        lambda facts: float(
            facts.splits["train"].images if "train" in facts.splits else 0
        ),
        1000,
        None,
        "The train split has {:.0f} images.",
        "Collect more, or expect a captioner that learns them by heart.",
        above=False,
    ),
)


def judge(facts: Facts) -> tuple[Finding, ...]:
    """Applies every rule.

    Returns:
      All findings. The gravest cause comes first, then those of its
      consequences that are not `ok`; then the next cause with its own; at last
      the findings that are `ok`, in the rules' order.
    """
    findings = [rule.judge(facts) for rule in RULES]
    bad = {each.slug: each for each in findings if each.severity}
    follows = {
        rule.slug: tuple(slug for slug in rule.consequences if slug in bad)
        for rule in RULES
    }
    ordered: list[Finding] = []
    while bad:
        followed = {slug for name in bad for slug in follows[name]}
        causes = [each for each in bad.values() if each.slug not in followed]
        cause = max(causes, key=lambda each: each.severity)
        known = follows[cause.slug]
        ordered.append(dataclasses.replace(cause, consequences=known))
        del bad[cause.slug]
        ordered += [bad.pop(slug) for slug in known if slug in bad]
    return (*ordered, *(each for each in findings if not each.severity))
