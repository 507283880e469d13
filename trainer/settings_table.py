"""Writes the table of all settings of the shipped parts and modes.

python -m trainer.settings_table > gin/SETTINGS.md
"""

import inspect
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

from pipeline import startup

with startup.without_notes():
    from trainer import configurable, settings

_HEAD = """\
# Settings

What a gin file or `--gin_param="AdamW.learning_rate = 3e-4"` can set. A run
uses what its gin files say, else the default here; `--mode=config` shows both.

<!-- Made by: python -m trainer.settings_table > gin/SETTINGS.md -->
"""
_COLUMNS = "| setting | type | default | |\n|---|---|---|---|"


def table() -> str:
    """The settings of each mode and part in Markdown, from their signatures."""
    sections = [_HEAD]
    for name, wrapped in (configurable.MODES | configurable.PARTS).items():
        part = inspect.unwrap(wrapped)
        if rows := list(_rows(name, part)):
            title = (inspect.getdoc(part) or "").partition("\n")[0]
            lines = [f"## {name}", "", title, "", _COLUMNS, *rows, ""]
            sections.append("\n".join(lines))
    return "\n".join(sections)


def _rows(name: str, part: Callable[..., Any]) -> Iterator[str]:
    names = {part: name for name, part in configurable.PARTS.items()}
    constructor = part.__init__ if inspect.isclass(part) else part
    hints = typing.get_type_hints(constructor)
    for key, argument in inspect.signature(part).parameters.items():
        if key in configurable.GIVEN.get(name, ()):
            continue
        default = "needed"
        if argument.default is not argument.empty:
            default = f"`{settings.written(argument.default, names)}`"
        cells = (
            f"`{name}.{key}`",
            settings.worded(hints[key]),
            default,
            _described(part, key),
        )
        yield f"| {' | '.join(cells)} |"


def _described(part: Callable[..., Any], key: str) -> str:
    """What the docstring of class or constructor says of an argument."""
    text = f"{inspect.getdoc(part)}\n{inspect.getdoc(part.__init__)}"
    found = re.search(rf"^ +{key}: (.+(?:\n {{4,}}.+)*)", text, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


if __name__ == "__main__":
    print(table(), end="")
