from typing import Any

import pytest

from pipeline.recordset.differences import Difference, differences


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({}, {}, []),
        ({"a": 1, "b": {"c": [2]}}, {"b": {"c": [2]}, "a": 1}, []),
        ({"a": 1}, {}, [(("a",), 1, None)]),
        ({"a": None}, {}, []),
        (
            {"b": {}, "a": 1},
            {"b": 2, "a": "1"},
            [(("a",), 1, "1"), (("b",), {}, 2)],
        ),
        (
            {"b": {"c": {"d": 1}}},
            {"b": {"c": {}}},
            [(("b", "c", "d"), 1, None)],
        ),
    ],
)
def test_values_that_differ_are_found(
    old: dict[str, Any], new: dict[str, Any], found: list[Any]
) -> None:
    assert list(differences(old, new)) == found


def test_a_difference_names_its_value() -> None:
    found = Difference(("optimizer", "rate"), "high", 2)
    assert found.name == "optimizer.rate"
    assert str(found) == "rate 'high' -> 2"
