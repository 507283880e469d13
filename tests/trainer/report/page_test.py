"""The page as text, and as Chromium shows it."""

from pathlib import Path

import numpy as np
import pytest

from tests.support import chromium
from tests.support.outline import Outline
from tests.support.page_sample import example, full_page, photo
from trainer.decoding import caption
from trainer.evaluation import baselines
from trainer.report import curves, gallery, page, scorecard

NASTY = "<script>alert('x')</script>\"&"


def test_page_says_everything_in_order() -> None:
    text = full_page().render()
    said = [
        "scenes-1</h1>",
        "It looks at the image.</strong>Swapping images raises",
        "<dt>Split</dt><dd>test</dd>",
        "<h2>Scores",
        "1.280 above its best floor",
        "<h2>Learning curves",
        "The dotted line is step 200: the best validation CIDEr-D",
        "<h2>Held-out images",
        "<summary>2 references",
        "<h2>What the scores mean",
        "<h2>Files of the run",
    ]
    places = [text.index(part) for part in said]
    assert places == sorted(places)


def test_headings_nest_and_tags_close() -> None:
    outline = Outline(full_page().render())
    assert outline.open == []
    assert outline.headings[0] == 1
    assert np.diff(outline.headings).max() == 1


def test_nothing_is_fetched_or_run() -> None:
    text = full_page().render()
    outline = Outline(text)
    assert "http://" not in text and "https://" not in text
    assert not outline.tags & {"script", "iframe", "img", "object"}
    links = [v for n, v in outline.attributes if n in ("src", "href")]
    assert links == ["data:,"]
    assert "default-src 'none'" in text


def test_untrusted_text_is_escaped_everywhere() -> None:
    row = example((NASTY, "cat"))
    shown = caption.CaptionedExample(
        NASTY, photo(), [NASTY], row.example.caption
    )
    text = page.Page(
        NASTY,
        f"{NASTY}: {NASTY}",
        facts=[(NASTY, NASTY)],
        scores={NASTY: baselines.Score(1.0, 0.5, 0.2)},
        habits={NASTY + "2": scorecard.Habit(0.1)},
        curves=curves.Curves(
            [{"step": 1, f"validation/{NASTY}": 1.0}],
            NASTY,
            levels={NASTY: {NASTY: 0.5}},
        ),
        examples=[gallery.PageExample(shown, ((NASTY, False),))],
        files=[(NASTY, NASTY)],
    ).render()
    assert "<script" not in text.lower()
    assert "x')" not in text
    outline = Outline(text)
    assert "script" not in outline.tags
    assert NASTY in outline.texts
    assert "&amp;lt;" not in text  # Escaped once, so it reads as it was.
    assert ("aria-label", NASTY) in outline.attributes


def test_page_of_nothing_says_so() -> None:
    text = page.Page("empty", "Nothing is known yet").render()
    assert "Nothing is known yet.</strong>" in text
    assert "This run has not been scored." in text
    assert "metrics.jsonl has no rows." in text
    assert "No images were captioned." in text
    assert Outline(text).open == []


@pytest.mark.parametrize(
    ("looks", "kind"), [(True, "looks"), (False, "blind"), (None, "")]
)
def test_verdict_is_coloured(looks: bool | None, kind: str) -> None:
    text = page.Page("t", "v: w", looks=looks).render()
    assert f'class="verdict {kind}'.rstrip() in text


def test_two_dozen_long_captions_stay_small() -> None:
    words = tuple(f"word{n}" for n in range(18))
    rows = [example(words, seed=seed) for seed in range(24)]
    photos = sum(len(row.example.thumbnail) for row in rows)
    text = page.Page("t", "v", examples=rows).render()
    assert len(text) - 4 / 3 * photos < 1_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(full_page().render(), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_is_wider_than_the_window(
    browser: chromium.Chromium, file: Path, width: int
) -> None:
    browser.open(file, width=width)
    too_wide = browser.value(
        "[...document.querySelectorAll('body *')].filter(e => "
        "!e.closest('.strip') && e.getBoundingClientRect().right > innerWidth"
        ").map(e => e.outerHTML.slice(0, 60))"
    )
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert too_wide == []


def test_browser_requests_nothing_else(
    browser: chromium.Chromium, file: Path
) -> None:
    browser.open(file, width=1280)
    urls = [
        event["request"]["url"]
        for event in browser.seen("Network.requestWillBeSent")
    ]
    assert urls[0] == file.as_uri()
    assert all(url.startswith("data:") for url in urls[1:])


def test_curves_have_a_size(browser: chromium.Chromium, file: Path) -> None:
    browser.open(file, width=375)
    boxes = browser.value(
        "[...document.querySelectorAll('.plot path')].map(e => "
        "{const r = e.getBoundingClientRect(); return [r.width, r.height]})"
    )
    assert len(boxes) == 4  # Training and validation loss, two scores.
    assert np.min(boxes) > 30


def test_dark_scheme_is_dark(browser: chromium.Chromium, file: Path) -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        browser.open(file, width=1280, scheme=scheme)
        colour = browser.value("getComputedStyle(document.body).background")
        red = colour.split("(")[1].split(",")[0]
        brightness[scheme] = int(red)
    assert brightness["light"] > 200 > 60 > brightness["dark"]


def shown_map(browser: chromium.Chromium, selector: str) -> str:
    """The overlay, that is the uppermost background, of an element."""
    image = browser.value(
        f"getComputedStyle(document.querySelector('{selector}'))"
        ".backgroundImage"
    )
    return image.rpartition(", url(")[0]


def test_pointing_at_a_word_shows_its_map(
    browser: chromium.Chromium, file: Path
) -> None:
    browser.open(file, width=1280)
    assert shown_map(browser, ".large") == "none"
    for place in (".strip .w3", ".said .w3"):
        browser.point(".facts")
        browser.point(place)
        own = shown_map(browser, ".strip .w3 i")
        assert own.startswith('url("data:image/png')
        assert shown_map(browser, ".large") == own


def test_arrow_keys_choose_words_of_one_image(
    browser: chromium.Chromium, file: Path
) -> None:
    browser.open(file, width=1280)
    browser.point("h1")
    browser.value("document.querySelector('summary').focus()")
    browser.press("Tab")
    for word in (1, 2):
        browser.press("ArrowRight")
        own = shown_map(browser, f".strip .w{word} i")
        assert shown_map(browser, ".large") == own
    assert shown_map(browser, ".example:nth-child(2) .large") == "none"


def test_tapping_a_word_of_the_caption_chooses_it(
    browser: chromium.Chromium, file: Path
) -> None:
    browser.open(file, width=375)
    browser.value("document.querySelector('.said .w2').click()")
    own = shown_map(browser, ".strip .w2 i")
    assert shown_map(browser, ".large") == own
    assert browser.value("document.querySelector('#look-1-2').checked")
