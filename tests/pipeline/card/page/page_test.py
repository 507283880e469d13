"""The data card's page as text, and as Chromium shows it."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.card.data_card import DataCard
from pipeline.card.facts import FrequentCaption
from pipeline.card.page import gallery, page
from pipeline.pages import document
from tests.support import card_sample, chromium, fixtures
from tests.support.outline import Outline

NASTY = "<script>alert('x')</script>\"&"
LONG = "an-image-whose-name-has-no-place-to-break-" * 4 + ".jpg"


def photo() -> str:
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "JPEG")
    return document.data_uri(file.getvalue(), "image/jpeg")


def rendered(card: DataCard) -> str:
    pictures = {each: photo() for each in gallery.shown(card)}
    vocabulary = fixtures.count_words(["a dog runs", "a cat", NASTY[8:13]])
    return page.render(card, vocabulary, pictures)


def test_the_gravest_finding_comes_first_with_its_consequences() -> None:
    text = rendered(card_sample.LEAKED)
    said = [
        "Data card of 7,000 images</h1>",
        '<p class="verdict stop"><strong>Images to be judged on',
        "2 of 3 checks did not pass.",
        "<b>stop</b>Leaked split",
        "0.4, stop above 0.2",
        "Split anew with all near-duplicates on one side.",
        "From it follows",
        "<b>warn</b>Repeated images",
        "</article></div></article>",
        "1 check passed",
        "<dt>Images</dt><dd>7,000</dd>",
        "<h2>Splits",
        "<h2>Captions",
        "<h2>Images",
        "<h2>What there is to learn",
        "<h2>Rejected",
        "undecodable",
        "<h2>What the numbers mean",
    ]
    places = [text.index(part) for part in said]
    assert places == sorted(places)
    assert text.count("<b>warn</b>") == 1


def test_a_healthy_card_shows_no_finding_and_what_was_checked() -> None:
    text = rendered(card_sample.HEALTHY)
    assert '<p class="verdict ok"><strong>A captioner can learn' in text
    assert '<article class="finding' not in text
    assert '<details class="passed" open><summary>1 check passed' in text
    assert "are alike. (31.4, warn below 6)" in text


def test_findings_that_follow_from_each_other_are_told_once() -> None:
    one, other, _ = card_sample.LEAKED.findings
    circle = dataclasses.replace(other, consequences=(one.slug,))
    card = dataclasses.replace(card_sample.LEAKED, findings=(one, circle))
    text = rendered(card)
    assert text.count("<article") == 2
    assert "0 checks passed" in text


def test_train_stands_before_the_splits_that_come_earlier_by_name() -> None:
    splits = dict(sorted(card_sample.FACTS.splits.items()))
    facts = dataclasses.replace(card_sample.FACTS, splits=splits)
    text = rendered(dataclasses.replace(card_sample.HEALTHY, facts=facts))
    assert list(splits) == ["dev", "train"]
    assert text.index("<h3>train</h3>") < text.index("<h3>dev</h3>")


def test_what_could_not_be_computed_is_left_out() -> None:
    facts = dataclasses.replace(
        card_sample.FACTS, ladder=None, floors=None, rejected={}
    )
    text = rendered(dataclasses.replace(card_sample.HEALTHY, facts=facts))
    assert "Loss ladder, nats" not in text
    assert "Do captions belong" not in text
    assert "No image was rejected." in text
    assert Outline(text).open == []


def test_captions_that_all_differ_have_no_table_of_the_frequent() -> None:
    train = card_sample.FACTS.splits["train"]
    repeats = dataclasses.replace(train.repeats, frequent=())
    facts = dataclasses.replace(
        card_sample.FACTS,
        splits={"train": dataclasses.replace(train, repeats=repeats)},
    )
    text = rendered(dataclasses.replace(card_sample.HEALTHY, facts=facts))
    assert "Most frequent captions" not in text
    assert "No caption is said twice." in text


def nasty() -> DataCard:
    leaked, facts = card_sample.LEAKED, card_sample.FACTS
    train, floors = facts.splits["train"], facts.floors
    assert floors is not None
    repeats = dataclasses.replace(
        train.repeats, frequent=(FrequentCaption(NASTY, 2),)
    )
    example = dataclasses.replace(
        card_sample.example(0), image_id=NASTY + LONG, captions=(NASTY,)
    )
    return dataclasses.replace(
        leaked,
        facts=dataclasses.replace(
            facts,
            splits={
                "train": dataclasses.replace(train, repeats=repeats),
                NASTY: facts.splits["dev"],
            },
            rejected={NASTY: 1},
            floors=dataclasses.replace(
                floors, constant_caption=NASTY, split=NASTY
            ),
        ),
        findings=(
            dataclasses.replace(
                leaked.findings[0], slug=NASTY, meaning=NASTY, advice=NASTY
            ),
            dataclasses.replace(
                leaked.findings[2], slug=NASTY + "2", meaning=NASTY
            ),
        ),
        examples={"sample": ((example,),), "leaked": ((example, example),)},
    )


def test_foreign_text_is_escaped_everywhere() -> None:
    text = rendered(nasty())
    assert "<script" not in text.lower()
    assert "x')" not in text
    outline = Outline(text)
    assert outline.open == []
    assert "script" not in outline.tags
    assert NASTY in outline.texts
    assert "&amp;lt;" not in text  # Escaped once, so it reads as it was.
    assert ("alt", NASTY) in outline.attributes


@pytest.mark.parametrize("card", [card_sample.HEALTHY, card_sample.LEAKED])
def test_headings_nest_and_nothing_is_fetched(card: DataCard) -> None:
    text = rendered(card)
    outline = Outline(text)
    assert outline.open == []
    assert outline.headings[0] == 1
    assert np.diff(outline.headings).max() == 1
    links = [v for n, v in outline.attributes if n in ("src", "href")]
    assert all(link.startswith("data:") for link in links)
    assert "http://" not in text and "https://" not in text


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize(
    "card", [card_sample.HEALTHY, card_sample.LEAKED, nasty()]
)
def test_nothing_is_wider_than_the_window(
    browser: chromium.Chromium, tmp_path: Path, card: DataCard, width: int
) -> None:
    file = tmp_path / "page.html"
    file.write_text(rendered(card), encoding="utf-8")
    browser.open(file, width=width)
    too_wide = browser.value(
        "[...document.querySelectorAll('body *')].filter(e => "
        "e.getBoundingClientRect().right > innerWidth"
        ").map(e => e.outerHTML.slice(0, 60))"
    )
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert too_wide == []
    assert browser.complaints() == []


def test_the_first_finding_is_seen_without_scrolling_on_a_phone(
    browser: chromium.Chromium, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(rendered(card_sample.LEAKED), encoding="utf-8")
    browser.open(file, width=390)
    below = browser.value(
        "document.querySelector('.advice').getBoundingClientRect().bottom"
    )
    assert 0 < below < 844


def test_pictures_and_plots_have_a_size(
    browser: chromium.Chromium, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(rendered(card_sample.LEAKED), encoding="utf-8")
    browser.open(file, width=390)
    boxes = browser.value(
        "[...document.querySelectorAll('img, .plot')].map(e => "
        "{const r = e.getBoundingClientRect(); return [r.width, r.height]})"
    )
    assert len(boxes) == 4 + 4
    assert np.min(boxes) > 100
    natural = "[...document.images].every(e => e.naturalWidth == 256)"
    assert browser.value(natural)
