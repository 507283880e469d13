"""The rules of images and words."""

from trainer.report import style


def test_rules_for_every_word_of_the_longest_caption() -> None:
    rules = style.rules(3)
    for word in (1, 2, 3):
        assert f".w{word}{{--map:var(--m{word})}}" in rules
    assert ".w4" not in rules


def test_rules_load_nothing() -> None:
    rules = style.rules(2)
    assert "url(" not in rules and "@import" not in rules
    assert rules.count("{") == rules.count("}")
