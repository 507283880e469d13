"""A rule: its thresholds, its words, and too little data."""

import dataclasses

import pytest

from pipeline.findings.rule import Rule

RULE: Rule[dict[str, float]] = Rule(
    slug="noisy",
    measure=lambda facts: facts.get("noise"),
    warn=0.1,
    stop=0.5,
    meaning="Noise is {:.0%}.",
    advice="Use less.",
)


@pytest.mark.parametrize(
    ("noise", "level", "threshold", "advice"),
    [
        (0.05, "ok", 0.1, ""),
        (0.1, "ok", 0.1, ""),
        (0.2, "warn", 0.1, "Use less."),
        (0.6, "stop", 0.5, "Use less."),
    ],
)
def test_a_value_is_judged_by_the_thresholds(
    noise: float, level: str, threshold: float, advice: str
) -> None:
    found = RULE.judge({"noise": noise})
    assert (found.slug, found.level, found.value) == ("noisy", level, noise)
    assert (found.threshold, found.advice) == (threshold, advice)
    assert found.meaning == f"Noise is {noise:.0%}."


def test_small_values_are_the_bad_ones_where_it_says_so() -> None:
    rule = dataclasses.replace(RULE, above=False, warn=0.5, stop=0.1)
    levels = [rule.judge({"noise": x}).level for x in (0.6, 0.3, 0.05)]
    assert levels == ["ok", "warn", "stop"]


def test_a_rule_that_never_stops_warns() -> None:
    rule = dataclasses.replace(RULE, stop=None)
    assert rule.judge({"noise": 9.0}).level == "warn"


def test_too_little_data_is_fine_and_said() -> None:
    found = RULE.judge({})
    assert (found.level, found.value) == ("ok", None)
    assert found.meaning == "There is too little data to judge by."
