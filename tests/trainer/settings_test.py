"""Settings of a wrong type are refused by name, rule and value."""

import dataclasses
import inspect
from collections.abc import Callable, Sequence

import pytest

from trainer import configurable, settings


@dataclasses.dataclass(frozen=True)
class Part:
    count: int = 1
    rate: float = 0.5
    name: str = "a"
    on: bool = False
    steps: tuple[int, int] | None = None
    names: Sequence[str] = ()
    made: Callable[..., int] | None = None


PART = settings.checked(Part, "Part")


@pytest.mark.parametrize(
    "given",
    [
        {"count": 3},
        {"rate": 2},
        {"rate": 1e-3},
        {"on": True},
        {"steps": (1, 2)},
        {"steps": None},
        {"names": ["a", "b"]},
        {"made": len},
    ],
)
def test_values_of_the_right_type_pass(given):
    assert PART(**given) == Part(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": 10.0}, "Part.count must be a whole number, got 10.0"),
        ({"count": None}, "Part.count must be a whole number, got None"),
        ({"rate": "1e-3"}, "Part.rate must be a number, got '1e-3'"),
        ({"name": 3}, "Part.name must be text in quotes, got 3"),
        ({"on": "yes"}, "Part.on must be True or False, got 'yes'"),
        (
            {"steps": (1, 2, 3)},
            "Part.steps must be tuple[int, int] or None, got (1, 2, 3)",
        ),
        (
            {"names": 7},
            "Part.names must be Sequence[str], got 7",
        ),
    ],
)
def test_a_wrong_type_is_named_with_rule_and_value(given, message):
    with pytest.raises(settings.SettingError) as error:
        PART(**given)
    assert str(error.value) == message


def test_a_part_is_called_by_its_name():
    def whole(part: Part | None) -> None:
        assert part

    with pytest.raises(settings.SettingError) as error:
        settings.checked(whole, "Whole")(part=3)
    assert str(error.value) == "Whole.part must be a Part or None, got 3"


def test_positional_values_are_checked_too():
    with pytest.raises(settings.SettingError, match="^Part.rate must be a num"):
        PART(1, "fast")


def test_what_is_missing_or_unknown_is_the_parts_own_error():
    def part(needed: int) -> int:
        return needed

    made = settings.checked(part, "part")
    with pytest.raises(TypeError, match="needed"):
        made()
    with pytest.raises(TypeError, match="unknown"):
        made(1, unknown=2)


def test_signatures_stay_for_gin_to_read():
    assert inspect.signature(PART) == inspect.signature(Part)
    assert PART.__doc__ == Part.__doc__


@pytest.mark.parametrize("mode", configurable.MODES)
def test_every_mode_checks_its_settings(mode):
    with pytest.raises(settings.SettingError, match=f"^{mode}.setup must be "):
        configurable.MODES[mode]("run", setup=3)
