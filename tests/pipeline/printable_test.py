"""What a terminal is shown of texts that hold controls."""

import unicodedata

import pytest

from pipeline.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\r\tand a tab", r"two\nlines\r\tand a tab"),
        ("\x1b[2J\x1b[31mred\a", r"\x1b[2J\x1b[31mred\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("a\u2028b", r"a\u2028b"),
        ("\ud83d", r"\ud83d"),
    ],
)
def test_controls_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_what_is_shown_of_every_character() -> None:
    controls = {"Cc", "Cs", "Zl", "Zp"}
    for number in range(0x110000):
        character = chr(number)
        if unicodedata.category(character) in controls:
            assert printable(character).isascii()
            assert printable(character).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "Ein „Hündchen“ läuft",
        "一只狗在草地上",
        "می\u200cخواهم",  # A joiner that Persian is written with.
        "👩\u200d👧",
        "हिन्दी",
        "no-break\u00a0space\u3000and wide",
    ],
)
def test_letters_of_every_script_stay(text: str) -> None:
    assert printable(text) == text
