"""The rules of images and words."""

import re

from pipeline.pages import style
from trainer import page_style


def test_rules_for_every_word_of_the_longest_caption() -> None:
    rules = page_style.rules(3)
    for word in (1, 2, 3):
        assert f".w{word}{{--map:var(--m{word})}}" in rules
    assert ".w4" not in rules


def test_colours_are_those_of_every_page() -> None:
    sheet = style.sheet(page_style.rules(1))
    for name in style.LIGHT:
        assert f"var(--{name})" in sheet
    own = {"map", "photo", "ratio", "lit", "m1"}
    used = set(re.findall(r"var\(--(\w+)", sheet))
    assert used == style.LIGHT.keys() | own


def test_rules_load_nothing() -> None:
    rules = page_style.rules(2)
    assert "url(" not in rules and "@import" not in rules
    assert rules.count("{") == rules.count("}")
