"""Settings of a wrong type, refused by name where a part is made."""

import functools
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import beartype
from beartype import door

# An int is a float too (PEP 484).
_NUMBERS = beartype.BeartypeConf(is_pep484_tower=True)
_WORDS = {
    bool: "True or False",
    float: "a number",
    int: "a whole number",
    str: "text in quotes",
    type(None): "None",
}


class SettingError(ValueError):
    """A setting whose type is wrong; the message names it, rule and value.

    Attributes:
      part: that it is a setting of.
      key: its name there.
    """

    def __init__(self, part: str, key: str, rule: str, value: Any):
        """Words the message."""
        super().__init__(f"{part}.{key} must be {rule}, got {value!r}")
        self.part, self.key = part, key


def checked(part: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Wraps a constructor or function so that it checks its arguments' types.

    Args:
      part: annotated; a class, or a function.
      name: what a configuration calls it.

    Returns:
      A function of the same signature. It raises SettingError for a value that
      is not of the annotated type.
    """
    signature = inspect.signature(part)

    @functools.wraps(part, updated=())
    def make(*args: Any, **kwargs: Any) -> Any:
        """Checks, then calls the part."""
        check(part, name, signature.bind_partial(*args, **kwargs).arguments)
        return part(*args, **kwargs)

    make.__signature__ = signature  # type: ignore[attr-defined]
    return make


def check(
    part: Callable[..., Any], name: str, given: Mapping[str, Any]
) -> None:
    """Checks the types of some of a part's arguments.

    Args:
      part: annotated; a class, or a function.
      name: what a configuration calls it.
      given: values by the arguments' names.

    Raises:
      SettingError: a value is not of the annotated type.
    """
    constructor = part.__init__ if inspect.isclass(part) else part
    hints = typing.get_type_hints(constructor)
    for key, value in given.items():
        hint = hints.get(key, Any)
        if not door.is_bearable(value, hint, conf=_NUMBERS):
            raise SettingError(name, key, worded(hint), value)


def written(value: Any, names: Mapping[Any, str]) -> str:
    """A value as a gin file has it, such as `(@CiderD(), @Bleu())`.

    Args:
      value: of a setting.
      names: of parts, by their constructors.
    """
    if type(value) in names:
        return f"@{names[type(value)]}()"
    if isinstance(value, tuple) and len(value) > 1:
        return f"({', '.join(written(each, names) for each in value)})"
    return repr(value)


def worded(hint: Any) -> str:
    """What people call a type, such as `a whole number or None`."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return " or ".join(map(worded, typing.get_args(hint)))
    if hint in _WORDS:
        return _WORDS[hint]
    if isinstance(hint, type) and not typing.get_args(hint):
        return f"a {hint.__name__}"
    return re.sub(r"[a-z_.]+\.(?=\w)", "", str(hint))
