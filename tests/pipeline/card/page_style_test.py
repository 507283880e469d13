import re

from pipeline.card import page_style
from pipeline.pages import style


def test_colours_are_those_of_every_page() -> None:
    used = set(re.findall(r"var\(--(\w+)\)", page_style.RULES))
    assert used <= style.LIGHT.keys() | {"level"}


def test_rules_load_nothing_and_are_closed() -> None:
    assert "url(" not in page_style.RULES and "@import" not in page_style.RULES
    assert page_style.RULES.count("{") == page_style.RULES.count("}")
