"""Sampled records as one HTML file: thumbnails with their captions."""

import itertools
import os
from typing import Any

from markupsafe import Markup

from pipeline.files import beam_files
from pipeline.modes import inspect as inspect_lib
from pipeline.modes.inspect import Inspection, Sampled
from pipeline.pages import document, template
from pipeline.printable import printable

_PARTS = template.macros(__file__, "inspect.html")
_RULES = template.css(__file__, "inspect.css")


def inspect(output: str, *, split: str, samples: int, html_file: str) -> str:
    """Returns what a record set holds as text; may write it as a page.

    The text's last line then says where the page is.

    Args:
      output: the record set's folder.
      split: the only split to show; empty for all.
      samples: number of records of each split to show.
      html_file: path of the page; empty for no page.

    Raises:
      RecordSetError: the record set can't be opened, or has no such split.
    """
    inspected = inspect_lib.inspect(output, split=split, samples=samples)
    if not html_file:
        return str(inspected)
    folder, name = os.path.split(html_file)
    beam_files.write_text(folder, name, render(inspected))
    return f"{inspected}\n\nPage: {printable(html_file)}"


def render(inspection: Inspection) -> str:
    """Renders a whole HTML document that needs no other file."""
    sections = [
        _section(split, list(group))
        for split, group in itertools.groupby(
            inspection.samples, key=lambda sampled: sampled.split
        )
    ]
    title = "A record set"
    facts = document.pairs(inspection.facts, "pairs")
    body = Markup(_PARTS.page(title, facts, sections))
    return document.document(title, body, rules=_RULES)


def _section(split: str, samples: list[Sampled]) -> Markup:
    lead = f"Records at equal distances: {len(samples)}"
    tiles = Markup(_PARTS.tiles([_view(sampled) for sampled in samples]))
    return document.section(split, lead, tiles)


def _view(sampled: Sampled) -> dict[str, Any]:
    image = sampled.image
    picture = image.thumbnail and document.data_uri(
        image.thumbnail, "image/jpeg"
    )
    return {
        "picture": picture,
        "id": image.image_id,
        "captions": image.captions,
        "title": sampled.title,
    }
