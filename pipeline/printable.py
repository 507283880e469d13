"""Text of a data set on its way to a terminal."""

import re

# Marks that turn the direction of what follows, so that it reads as another.
_TURNING = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_UNSAFE = re.compile(
    f"[\0-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff{_TURNING}]"
)


def printable(text: str) -> str:
    r"""Escapes what would move a terminal's cursor, or end the line.

    Line breaks become `\n`, an escape character `\x1b`; letters, marks and
    joiners of every script stay.
    """
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
