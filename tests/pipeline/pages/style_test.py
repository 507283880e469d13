"""Both palettes can be read."""

import re
from collections.abc import Mapping

import pytest

from pipeline.pages import style


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


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK])
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


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK])
def test_chosen_word_can_be_read(palette: Mapping[str, str]) -> None:
    assert contrast(palette["ink"], palette["tint"]) >= 4.5


def test_every_colour_in_use_is_in_both_palettes() -> None:
    assert style.LIGHT.keys() == style.DARK.keys()
    used = set(re.findall(r"var\(--(\w+)\)", style.sheet()))
    assert used <= style.LIGHT.keys()


def test_own_rules_come_last() -> None:
    assert style.sheet(".own{}").endswith(".own{}")


def test_sheet_loads_nothing() -> None:
    sheet = style.sheet()
    assert "url(" not in sheet and "@import" not in sheet
    assert "@font-face" not in sheet
    assert sheet.count("{") == sheet.count("}")
