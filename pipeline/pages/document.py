"""One self-contained HTML file and its parts.

The file has no scripts and forbids itself every outside resource, so it may be
mailed, attached to a build or opened from a disk. All text is escaped.
"""

import base64
import html
from collections.abc import Iterable

from pipeline.pages import style

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def document(title: str, body: str, *, rules: str = "") -> str:
    """Returns a whole HTML document, to be written as UTF-8.

    Args:
      title: text.
      body: markup.
      rules: CSS beside the common sheet.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        '<link rel="icon" href="data:,">'
        f"<title>{html.escape(title)}</title>"
        f"<style>{style.sheet(rules)}</style></head><body>{body}</body></html>"
        "\n"
    )


def section(title: str, lead: str, body: str) -> str:
    """A heading, a line of text, and markup."""
    return (
        f"<section><h2>{html.escape(title)}</h2>"
        f'<p class="lead">{html.escape(lead)}</p>{body}</section>'
    )


def pairs(rows: Iterable[tuple[str, str]], kind: str) -> str:
    """A list of labels and texts in the style `kind`, or ''."""
    lines = "".join(
        f"<div><dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd></div>"
        for label, text in rows
    )
    return f'<dl class="{kind}">{lines}</dl>' if lines else ""


def data_uri(data: bytes, mime: str) -> str:
    """Bytes as an address that the page itself holds."""
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"
