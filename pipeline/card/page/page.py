"""The data card for a person: findings first, then what they rest on.

pictures = pictures.read(folder, gallery.shown(card))
text = page.render(card, vocabulary, pictures)
"""

import html
from collections.abc import Iterator, Mapping, Sequence

from pipeline.card import page_style
from pipeline.card.data_card import DataCard, Example
from pipeline.card.page import gallery, plots, tables
from pipeline.findings import wording
from pipeline.findings.finding import Finding
from pipeline.pages import document
from pipeline.recordset import vocabulary as vocabulary_lib


def render(
    card: DataCard,
    vocabulary: vocabulary_lib.Vocabulary,
    pictures: Mapping[Example, str],
) -> str:
    """Returns a whole HTML document, to be written as UTF-8.

    Args:
      card: finished.
      vocabulary: of the record set.
      pictures: the address of each image that the gallery shows.
    """
    images = sum(split.images for split in card.facts.splits.values())
    title = f"Data card of {images:,} images"
    return document.document(
        title,
        f"{_header(card, title)}<main>{_splits(card)}"
        f"{_captions(card, vocabulary)}{gallery.render(card, pictures)}"
        f"{_learnable(card)}{_rejected(card)}</main>{_footer()}",
        rules=page_style.RULES,
    )


def _header(card: DataCard, title: str) -> str:
    """The verdict; below it each finding with what follows from it."""
    graver = [each for each in card.findings if each.level != "ok"]
    failed = f"{len(graver)} of {_checks(len(card.findings))} did not pass."
    return (
        f"<header><h1>{html.escape(title)}</h1>"
        f'<p class="verdict {card.level}"><strong>'
        f"{html.escape(wording.verdict(card.findings))}</strong>"
        f"{failed if graver else ''}</p>{_findings(graver)}{_passed(card)}"
        f"{document.pairs(_totals(card), 'facts')}</header>"
    )


def _totals(card: DataCard) -> Iterator[tuple[str, str]]:
    splits = card.facts.splits.values()
    yield "Images", f"{sum(split.images for split in splits):,}"
    yield "Captions", f"{sum(split.captions for split in splits):,}"
    yield "Vocabulary", f"{card.facts.vocabulary_size:,} tokens"
    yield "Rejected", f"{sum(card.facts.rejected.values()):,} images"


def _findings(findings: Sequence[Finding]) -> str:
    """Findings in order; what follows from one stands inside it, once."""
    by_slug = {each.slug: each for each in findings}
    told: set[str] = set()

    def article(finding: Finding) -> str:
        told.add(finding.slug)
        inner = "".join(
            article(by_slug[slug])
            for slug in finding.consequences
            if slug in by_slug and slug not in told
        )
        return _finding(finding, inner)

    text = "".join(article(each) for each in findings if each.slug not in told)
    return f'<div class="findings">{text}</div>' if text else ""


def _finding(finding: Finding, inner: str) -> str:
    advice = f'<p class="advice">{html.escape(finding.advice)}</p>'
    follows = f'<p class="then">From it follows</p><div>{inner}</div>'
    return (
        f'<article class="finding {finding.level}"><h2><b>{finding.level}</b>'
        f"{html.escape(wording.name(finding.slug))}</h2>"
        f"<p>{html.escape(finding.meaning)}</p>"
        f'<p class="measured">{html.escape(wording.measured(finding))}</p>'
        f"{advice if finding.advice else ''}{follows if inner else ''}"
        "</article>"
    )


def _passed(card: DataCard) -> str:
    """The checks that passed, folded where others did not."""
    passed = [each for each in card.findings if each.level == "ok"]
    rows = [
        (
            wording.name(each.slug),
            f"{each.meaning} ({wording.measured(each)})",
        )
        for each in passed
    ]
    unfolded = " open" if card.level == "ok" else ""
    return (
        f'<details class="passed"{unfolded}><summary>{_checks(len(passed))} '
        f"passed</summary>{document.pairs(rows, 'pairs')}</details>"
    )


def _checks(count: int) -> str:
    return "1 check" if count == 1 else f"{count} checks"


def _splits(card: DataCard) -> str:
    ordered = sorted(
        card.facts.splits.items(), key=lambda item: item[0] != "train"
    )
    cards = "".join(tables.split(name, facts) for name, facts in ordered)
    return document.section(
        "Splits",
        "What a captioner trains on, is selected on, and is judged on.",
        f'<div class="cards sets">{cards}</div>',
    )


def _captions(card: DataCard, vocabulary: vocabulary_lib.Vocabulary) -> str:
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
        f'<div class="charts fit">{"".join(figures)}</div>'
        f'<div class="cards facing">{tables.frequent(train.repeats)}</div>',
    )


def _learnable(card: DataCard) -> str:
    facts, cards, figure = card.facts, [], ""
    if facts.floors:
        figure = f'<div class="charts">{plots.pairing(facts.floors)}</div>'
    if facts.ladder:
        cards.append(tables.ladder(facts.ladder))
    if facts.floors:
        cards.append(tables.floors(facts.floors))
    cards.append(tables.features(facts.features))
    return document.section(
        "What there is to learn",
        "What can be had without looking at an image, and whether captions "
        "and images belong together.",
        f'{figure}<div class="cards halves">{"".join(cards)}</div>',
    )


def _rejected(card: DataCard) -> str:
    if not card.facts.rejected:
        return document.section("Rejected", "No image was rejected.", "")
    return document.section(
        "Rejected",
        "Each with its id and source in rejects-*.jsonl.",
        f'<div class="cards">{tables.rejected(card.facts.rejected)}</div>',
    )


def _footer() -> str:
    meanings = document.pairs(wording.DEFINITIONS.items(), "pairs")
    return f"<footer><h2>What the numbers mean</h2>{meanings}</footer>"
