"""One self-contained HTML file and its parts.

The file has no scripts and forbids itself every outside resource, so it may be
mailed, attached to a build or opened from a disk. All text is escaped.
"""

import base64
from collections.abc import Iterable

from markupsafe import Markup

from pipeline.pages import template

_PARTS = template.macros(__file__, "parts.html")
_SHEET = template.css(__file__, "style.css")
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def document(title: str, body: Markup, *, rules: str = "") -> str:
    """Returns a whole HTML document, to be written as UTF-8.

    Args:
      title: text.
      body: markup.
      rules: CSS beside the common sheet.
    """
    css = Markup(_SHEET + rules)
    return str(_PARTS.document(title, body, Markup(_POLICY), css)) + "\n"


def section(title: str, lead: str, body: Markup) -> Markup:
    """Returns a heading, a line of text below it, and markup."""
    return Markup(_PARTS.section(title, lead, body))


def pairs(rows: Iterable[tuple[str, str]], kind: str) -> Markup:
    """Returns a list of labels and texts in the style `kind`, or ''."""
    listed = list(rows)
    return Markup(_PARTS.pairs(listed, kind)) if listed else Markup()


def group(kind: str, parts: Iterable[Markup]) -> Markup:
    """Returns parts side by side in a box of the style `kind`, or ''."""
    listed = list(parts)
    return Markup(_PARTS.group(kind, listed)) if listed else Markup()


def table(title: str, rows: Iterable[tuple[str, str]]) -> Markup:
    """Returns a card with a heading and a table of labels and texts."""
    return Markup(_PARTS.table(title, list(rows)))


def note(text: str) -> Markup:
    """Returns a line that says what is missing."""
    return Markup(_PARTS.note(text))


def data_uri(data: bytes, mime: str) -> str:
    """Returns an address that holds the data itself.

    Args:
      data: such as the bytes of a PNG.
      mime: their type, such as `image/png`.
    """
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"
