"""A record set's facts as tables, and as bars."""

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from pipeline.card.facts import (
    CaptionFacts,
    FeatureFacts,
    FloorFacts,
    LadderFacts,
    PairFacts,
    SplitFacts,
)
from pipeline.pages import bars, document


def split(name: str, facts: SplitFacts) -> Markup:
    """Renders the table of one split's facts."""
    return document.table(name, _split_rows(facts))


def frequent(facts: CaptionFacts) -> Markup:
    """Renders the most frequent captions, of which there are, as bars."""
    rows = [bars.Bar(row.text, row.count) for row in facts.frequent]
    return bars.card(
        "Most frequent captions",
        rows,
        form="{:,.0f}",
        remark=f"The first is {facts.mode_share:.2%} of all captions.",
    )


def features(facts: FeatureFacts) -> Markup:
    """Renders the table of the features' statistics."""
    return document.table("Features", _feature_rows(facts))


def ladder(facts: LadderFacts) -> Markup:
    """Renders the losses that need no image as bars."""
    return bars.card(
        "Loss ladder, nats per token",
        [
            bars.Bar("Any word", facts.uniform),
            bars.Bar("Frequent words", facts.unigram),
            bars.Bar("After one word", facts.bigram),
            bars.Bar("After two words", facts.trigram, "own"),
        ],
        form="{:.2f}",
        remark=(
            f"Counted on {facts.train_images:,} train images, measured on "
            f"{facts.images:,} of {facts.split}. A captioner that uses the "
            "image ends below the last rung."
        ),
    )


def floors(facts: FloorFacts) -> Markup:
    """Renders the scores that need no model as bars."""
    return bars.card(
        "CIDEr-D without a model",
        [
            bars.Bar("Permuted images", facts.permuted),
            bars.Bar("Best constant caption", facts.constant),
            bars.Bar("Nearest image's caption", facts.nearest, "own"),
            bars.Bar("One person", facts.human),
        ],
        form="{:.3f}",
        remark=(
            f"On {facts.images:,} images of {facts.split}, with captions of "
            f"{facts.train_images:,} train images. The best constant caption "
            f"is “{facts.constant_caption}”."
        ),
    )


def pairs(facts: PairFacts) -> Markup:
    """Renders the share of wrong pairs, and its interval."""
    return document.table(
        "Wrong pairs",
        [
            ("Estimate", f"{facts.wrong:.1%}"),
            ("95 % interval", f"{facts.low:.1%} to {facts.high:.1%}"),
            ("Images of train judged", f"{facts.images:,}"),
        ],
    )


def rejected(reasons: Mapping[str, int]) -> Markup:
    """Renders how many images were left out for each reason."""
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    rows = [bars.Bar(reason, count) for reason, count in ordered]
    return bars.card("By reason", rows, form="{:,.0f}")


def _split_rows(facts: SplitFacts) -> Iterator[tuple[str, str]]:
    yield "Images", f"{facts.images:,}"
    yield "Captions", f"{facts.captions:,}"
    yield "Captions per image", f"{facts.captions / max(facts.images, 1):.1f}"
    yield "Words per caption", f"{facts.words / max(facts.captions, 1):.1f}"
    yield "Different words", f"{facts.types:,}"
    yield "Unknown words", f"{facts.unknown_words / max(facts.words, 1):.2%}"
    distinct = facts.repeats.distinct / max(facts.captions, 1)
    yield "Different captions", f"{distinct:.1%}"
    within = _part(facts.repeats.repeated_within, facts.captions)
    yield "Repeated for their image", within
    yield "Mode share", f"{facts.repeats.mode_share:.2%}"
    if facts.repeats.collision is not None:
        yield "Collision probability", f"{facts.repeats.collision:.2g}"
    yield "Images of one colour", _part(facts.blank_images, facts.images)
    yield "Near-duplicates", _part(facts.repeated_images, facts.images)
    if facts.leaked_images is not None:
        leaked = _part(facts.leaked_images, facts.images)
        yield "Near-duplicates in train", leaked


def _feature_rows(facts: FeatureFacts) -> Iterator[tuple[str, str]]:
    yield "Grids", f"{facts.images:,}"
    yield "Mean", f"{facts.mean:.3g}"
    yield "Deviation", f"{facts.deviation:.3g}"
    if facts.dispersion is not None:
        yield "Dispersion between images", f"{facts.dispersion:.3g}"
    if facts.cosine is not None:
        yield "Cosine of two images", f"{facts.cosine:.3f}"
    yield "Constant grids", _part(facts.constant, facts.images)
    made = facts.images + facts.non_finite
    yield "Left out, not finite", _part(facts.non_finite, made)


def _part(count: int, whole: int) -> str:
    """A count, and its share where there is one."""
    return f"{count:,} ({count / whole:.2%})" if count else "0"
