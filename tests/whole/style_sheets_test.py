"""Text is legible in both palettes; no style sheet loads anything."""

import pathlib
import re
from collections.abc import Mapping

import pytest

ROOT = pathlib.Path(__file__).parents[2]
COMMON = (ROOT / "pipeline/pages/templates/style.css").read_text()
SHEETS = sorted(
    file
    for package in ("pipeline", "trainer")
    for file in (ROOT / package).rglob("*.css")
)
LIGHT, DARK = (
    dict(re.findall(r"--(\w+):(#\w{6});", block))
    for block in re.findall(r":root\{(.*?)\}", COMMON, re.DOTALL)
)
# What a page's own sheet sets for itself.
OWN = {"level", "map", "photo", "ratio", "lit"}


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in parts
    ]
    return sum(
        w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize(
    ("front", "least"),
    [
        ("ink", 7),
        ("muted", 4.5),
        ("accent", 4.5),
        ("good", 4.5),
        ("bad", 4.5),
        ("warn", 4.5),
        ("floor", 3),
    ],
)
def test_contrast(palette: Mapping[str, str], front: str, least: float) -> None:
    for back in ("paper", "card"):
        assert contrast(palette[front], palette[back]) >= least


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_chosen_word_can_be_read(palette: Mapping[str, str]) -> None:
    assert contrast(palette["ink"], palette["tint"]) >= 4.5


def test_every_colour_of_the_common_sheet_is_in_both_palettes() -> None:
    assert len(LIGHT) == 11 and LIGHT.keys() == DARK.keys()
    used = set(re.findall(r"var\(--(\w+)", COMMON))
    assert used <= LIGHT.keys()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda file: file.name)
def test_a_sheet_loads_nothing_and_is_closed(sheet: pathlib.Path) -> None:
    text = sheet.read_text()
    for word in ("url(", "@import", "@font-face"):
        assert word not in text
    assert text.count("{") == text.count("}")
    used = set(re.findall(r"var\(--(\w+)", text))
    assert used <= LIGHT.keys() | OWN
