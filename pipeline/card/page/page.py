"""The data card as a page: findings first, then the facts they rest on.

pictures = pictures.read(folder, gallery.shown(card))
text = page.render(card, vocabulary, pictures)
"""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from pipeline.card.data_card import DataCard, Example
from pipeline.card.page import gallery, plots, tables
from pipeline.findings import wording
from pipeline.findings.finding import Finding
from pipeline.pages import document, template
from pipeline.recordset import vocabulary as vocabulary_lib

_PARTS = template.macros(__file__, "card.html")
_RULES = template.css(__file__, "card.css")


def render(
    card: DataCard,
    vocabulary: vocabulary_lib.Vocabulary,
    pictures: Mapping[Example, str],
) -> str:
    """Renders a whole HTML document, to be written as UTF-8.

    Args:
      card: the data card.
      vocabulary: the record set's vocabulary.
      pictures: address of the thumbnail of each image that the gallery shows.
    """
    images = sum(split.images for split in card.facts.splits.values())
    title = f"Data card of {images:,} images"
    return document.document(
        title,
        _PARTS.page(
            _header(card, title),
            [
                _splits(card),
                _captions(card, vocabulary),
                gallery.render(card, pictures),
                _learnable(card),
                _rejected(card),
            ],
            document.pairs(wording.DEFINITIONS.items(), "pairs"),
        ),
        rules=_RULES,
    )


def _header(card: DataCard, title: str) -> Markup:
    """Renders the verdict, and below it the findings."""
    graver = [each for each in card.findings if each.level != "ok"]
    failed = f"{len(graver)} of {_checks(len(card.findings))} did not pass."
    return Markup(
        _PARTS.header(
            title,
            card.level,
            wording.verdict(card.findings),
            failed if graver else "",
            _findings(graver),
            _passed(card),
            document.pairs(_totals(card), "facts"),
        )
    )


def _totals(card: DataCard) -> Iterator[tuple[str, str]]:
    splits = card.facts.splits.values()
    yield "Images", f"{sum(split.images for split in splits):,}"
    yield "Captions", f"{sum(split.captions for split in splits):,}"
    yield "Vocabulary", f"{card.facts.vocabulary_size:,} tokens"
    yield "Rejected", f"{sum(card.facts.rejected.values()):,} images"


def _findings(findings: Sequence[Finding]) -> Markup:
    """Renders findings in order; a consequence stands once, in its cause."""
    by_slug = {each.slug: each for each in findings}
    shown: set[str] = set()

    def article(finding: Finding) -> Markup:
        """Renders a finding and those of its consequences not yet shown."""
        shown.add(finding.slug)
        inner = Markup().join(
            article(by_slug[slug])
            for slug in finding.consequences
            if slug in by_slug and slug not in shown
        )
        return Markup(
            _PARTS.finding(
                finding.level,
                wording.name(finding.slug),
                finding.meaning,
                wording.measured(finding),
                finding.advice,
                inner,
            )
        )

    return document.group(
        "findings",
        (article(each) for each in findings if each.slug not in shown),
    )


def _passed(card: DataCard) -> Markup:
    """Renders the checks that passed, folded if any other did not."""
    passed = [each for each in card.findings if each.level == "ok"]
    rows = [
        (
            wording.name(each.slug),
            f"{each.meaning} ({wording.measured(each)})",
        )
        for each in passed
    ]
    checks = document.pairs(rows, "pairs")
    return Markup(
        _PARTS.passed(_checks(len(passed)), checks, card.level == "ok")
    )


def _checks(count: int) -> str:
    return "1 check" if count == 1 else f"{count} checks"


def _splits(card: DataCard) -> Markup:
    ordered = sorted(
        card.facts.splits.items(), key=lambda item: item[0] != "train"
    )
    cards = [tables.split(name, facts) for name, facts in ordered]
    return document.section(
        "Splits",
        "What a captioner trains on, is selected on, and is judged on.",
        document.group("cards sets", cards),
    )


def _captions(card: DataCard, vocabulary: vocabulary_lib.Vocabulary) -> Markup:
    train = card.facts.splits["train"]
    figures = [
        plots.histogram(
            "Length", train.caption_lengths, unit="words", counted="captions"
        ),
        plots.histogram(
            "Captions per image",
            train.captions_per_image,
            unit="captions",
            counted="images",
        ),
        plots.coverage(vocabulary),
    ]
    return document.section(
        "Captions",
        "Of the train split.",
        document.group("charts fit", figures)
        + (
            document.group("cards facing", [tables.frequent(train.repeats)])
            if train.repeats.frequent
            else document.note("No caption is said twice.")
        ),
    )


def _learnable(card: DataCard) -> Markup:
    facts, cards, figure = card.facts, [], Markup()
    if facts.floors:
        figure = document.group("charts", [plots.pairing(facts.floors)])
    if facts.ladder:
        cards.append(tables.ladder(facts.ladder))
    if facts.floors:
        cards.append(tables.floors(facts.floors))
    if facts.pairs:
        cards.append(tables.pairs(facts.pairs))
    cards.append(tables.features(facts.features))
    return document.section(
        "What there is to learn",
        "What can be had without looking at an image, and whether captions "
        "and images belong together.",
        figure + document.group("cards halves", cards),
    )


def _rejected(card: DataCard) -> Markup:
    if not card.facts.rejected:
        return document.section("Rejected", "No image was rejected.", Markup())
    return document.section(
        "Rejected",
        "Each with its id and source in rejects-*.jsonl.",
        document.group("cards", [tables.rejected(card.facts.rejected)]),
    )
