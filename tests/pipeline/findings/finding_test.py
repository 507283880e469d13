"""A finding's levels, and the gravest of several."""

import pytest

from pipeline.findings import finding
from tests.support import card_sample


def test_levels_are_ordered_by_gravity() -> None:
    found = card_sample.LEAKED.findings
    assert [each.level for each in found] == ["stop", "warn", "ok"]
    assert [each.severity for each in found] == [2, 1, 0]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of .* got 'bad'"):
        finding.Finding("a", "bad", 1.0, 0.5, above=True, meaning="")
