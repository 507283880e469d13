"""Each rule of the data card, and the order of findings."""

import dataclasses
from typing import Any

import pytest

from pipeline.card import checks
from pipeline.card.facts import Facts
from pipeline.findings.finding import Finding
from tests.support import card_sample


def _changed(**changes: Any) -> Facts:
    """The sound sample with other facts; `train__x__y` is nested."""
    facts = card_sample.FACTS
    for path, value in changes.items():
        facts = _replaced(facts, path.split("__"), value)
    return facts


def _replaced(one: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    name, *rest = path
    if isinstance(one, Facts) and name in one.splits:
        split = _replaced(one.splits[name], rest, value)
        return dataclasses.replace(one, splits=one.splits | {name: split})
    inner = _replaced(getattr(one, name), rest, value)
    return dataclasses.replace(one, **{name: inner})


def _bad(facts: Facts) -> list[Finding]:
    return [each for each in checks.judge(facts) if each.level != "ok"]


def test_a_sound_set_passes_every_rule() -> None:
    findings = checks.judge(card_sample.FACTS)
    assert _bad(card_sample.FACTS) == []
    assert [each.slug for each in findings] == [
        rule.slug for rule in checks.RULES
    ]
    assert all(each.advice == "" for each in findings)


@pytest.mark.parametrize(
    ("changes", "slug", "level"),
    [
        ({"train__blank_images": 300}, "blank-images", "warn"),
        ({"dev__blank_images": 600}, "blank-images", "stop"),
        ({"features__non_finite": 70}, "non-finite-grids", "warn"),
        ({"features__constant": 7000}, "constant-grids", "stop"),
        ({"features__dispersion": 0.0}, "alike-features", "stop"),
        ({"train__types": 12}, "tiny-vocabulary", "warn"),
        ({"train__repeats__mode_share": 0.2}, "one-caption", "warn"),
        ({"train__repeats__collision": 0.3}, "templated-captions", "stop"),
        (
            {"train__repeats__repeated_within": 9000},
            "repeated-captions",
            "warn",
        ),
        ({"floors__pairing_z": 3.5}, "shuffled-pairs", "warn"),
        ({"floors__pairing_z": -0.2}, "shuffled-pairs", "stop"),
        ({"dev__leaked_images": 30}, "leaked-split", "warn"),
        ({"dev__leaked_images": 300}, "leaked-split", "stop"),
        ({"train__repeated_images": 900}, "repeated-images", "warn"),
        ({"dev__unknown_words": 5000}, "unknown-words", "warn"),
        ({"train__captions": 6100}, "few-captions", "warn"),
        ({"train__images": 900}, "too-few-images", "warn"),
    ],
)
def test_each_rule_finds_its_own(
    changes: dict[str, Any], slug: str, level: str
) -> None:
    first, *rest = _bad(_changed(**changes))
    assert (first.slug, first.level) == (slug, level)
    assert first.advice and first.value is not None
    assert (first.value > first.threshold) == first.above
    assert rest == []


def test_unknown_words_of_other_splits_alone_are_no_matter_of_a_setting() -> (
    None
):
    (found,) = _bad(_changed(dev__unknown_words=5000))
    in_train, elsewhere = found.advice.split(";")
    assert "unknown words in train, lower --min_count" in in_train
    assert "caption more images" in elsewhere


def test_consequences_stand_under_their_cause() -> None:
    bad = _bad(
        _changed(
            train__repeated_images=900,
            train__blank_images=5000,
            features__dispersion=0.0,
            floors__pairing_z=0.0,
            dev__unknown_words=5000,
        )
    )
    assert [each.slug for each in bad] == [
        "blank-images",
        "alike-features",
        "shuffled-pairs",
        "repeated-images",
        "unknown-words",
    ]
    assert bad[0].consequences == ("alike-features", "shuffled-pairs")
    assert bad[3].consequences == ()


def test_the_gravest_cause_stands_first() -> None:
    bad = _bad(_changed(train__types=12, dev__leaked_images=900))
    assert [each.level for each in bad] == ["stop", "warn"]


def test_too_little_data_is_not_judged() -> None:
    facts = _changed(
        train__images=9, train__types=3, floors=None, features__images=9
    )
    judged = {each.slug: each for each in checks.judge(facts)}
    for slug in ("tiny-vocabulary", "shuffled-pairs", "alike-features"):
        assert (judged[slug].level, judged[slug].value) == ("ok", None)
        assert judged[slug].meaning == "There is too little data to judge by."
    assert [each.slug for each in _bad(facts)] == ["too-few-images"]


def test_a_cause_stands_above_its_consequences() -> None:
    order = [rule.slug for rule in checks.RULES]
    for rule in checks.RULES:
        for slug in rule.consequences:
            assert order.index(slug) > order.index(rule.slug)
