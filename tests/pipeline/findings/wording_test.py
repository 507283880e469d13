"""Findings in plain words."""

import dataclasses

import pytest

from pipeline.card import checks
from pipeline.findings import wording
from pipeline.findings.finding import Finding
from tests.support import card_sample

LEAKED = card_sample.LEAKED.findings[0]


def test_a_name_is_plain() -> None:
    assert wording.name("leaked-split") == "Leaked split"


@pytest.mark.parametrize(
    ("meaning", "first"),
    [
        ("One sentence.", "One sentence."),
        ("About 0.4 of all. More of it.", "About 0.4 of all."),
        ("Is it? It is.", "Is it?"),
        ("No full stop", "No full stop"),
    ],
)
def test_the_first_sentence_is_told(meaning: str, first: str) -> None:
    found = dataclasses.replace(LEAKED, meaning=meaning)
    assert wording.sentence(found) == first


@pytest.mark.parametrize(
    ("level", "value", "above", "said"),
    [
        ("stop", 0.4, True, "0.4, stop above 0.2"),
        ("warn", 0.1, False, "0.1, warn below 0.2"),
        ("ok", 12345.0, False, "12,345, warn below 0.2"),
        ("ok", None, True, "too little data to judge by, warn above 0.2"),
    ],
)
def test_value_stands_beside_its_threshold(
    level: str, value: float | None, above: bool, said: str
) -> None:
    found = Finding("a", level, value, 0.2, above=above, meaning="")
    assert wording.measured(found) == said


def test_a_line_tells_of_each_finding_that_is_not_ok() -> None:
    assert wording.lines(card_sample.LEAKED.findings) == [
        f"stop  leaked-split: {LEAKED.meaning}",
        "warn  repeated-images: 20 % of the images have a near-duplicate.",
    ]


def test_one_line_tells_that_all_is_well() -> None:
    assert wording.lines(card_sample.HEALTHY.findings) == [
        "ok    all checks passed: A captioner can learn from this data."
    ]


def test_every_rule_has_a_verdict() -> None:
    assert wording.VERDICTS.keys() == {rule.slug for rule in checks.RULES}


def test_the_verdict_is_the_first_finding() -> None:
    assert wording.verdict(card_sample.LEAKED.findings) == (
        "Images to be judged on are also trained on."
    )
    new = dataclasses.replace(LEAKED, slug="new-finding")
    other = dataclasses.replace(card_sample.LEAKED, findings=(new,))
    assert wording.verdict(other.findings) == LEAKED.meaning
    healthy = wording.verdict(card_sample.HEALTHY.findings)
    assert healthy == "A captioner can learn from this data."
