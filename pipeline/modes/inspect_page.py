"""Sampled records as one HTML file: thumbnails with their captions."""

import html
import itertools
import os
from collections.abc import Iterable

from pipeline.files import beam_files
from pipeline.modes import inspect as inspect_lib
from pipeline.modes.inspect import Inspection, Sampled
from pipeline.pages import document

_RULES = """
.tiles{display:grid;gap:24px 16px;margin-top:24px;
grid-template-columns:repeat(auto-fill,minmax(min(100%,224px),1fr))}
.tile img{display:block;width:100%;height:200px;object-fit:contain;
object-position:left;border-radius:8px}
.tile li{margin-top:6px;font-size:14px;line-height:1.35}
.tile small{display:block;margin-top:6px;font-size:12px;color:var(--muted)}
"""


def inspect(output: str, *, split: str, samples: int, html_file: str) -> str:
    """What a record set holds, as text, and as a page where one is asked for.

    Args:
      output: the record set's folder.
      split: the only one to show; empty for all.
      samples: records of each split.
      html_file: where the page goes; empty for none.

    Raises:
      RecordSetError: the record set can't be opened, or has no such split.
    """
    inspected = inspect_lib.inspect(output, split=split, samples=samples)
    if html_file:
        folder, name = os.path.split(html_file)
        beam_files.write_text(folder, name, render(inspected))
    return str(inspected)


def render(inspection: Inspection) -> str:
    """Returns a whole HTML document that needs nothing else."""
    sections = "".join(
        _section(split, list(group))
        for split, group in itertools.groupby(
            inspection.samples, key=lambda sampled: sampled.split
        )
    )
    facts = document.pairs(inspection.facts, "pairs")
    body = (
        "<header><h1>A record set</h1></header>"
        f"<main>{facts}{sections}</main><footer></footer>"
    )
    return document.document("A record set", body, rules=_RULES)


def _section(split: str, samples: list[Sampled]) -> str:
    lead = f"{len(samples)} records at equal distances."
    tiles = "".join(map(_tile, samples))
    return document.section(split, lead, f'<div class="tiles">{tiles}</div>')


def _tile(sampled: Sampled) -> str:
    image = sampled.image
    picture = "<p>no thumbnail in the records</p>"
    if image.thumbnail:
        address = document.data_uri(image.thumbnail, "image/jpeg")
        picture = f'<img src="{address}" alt="{html.escape(image.image_id)}">'
    return (
        f'<figure class="tile">{picture}<figcaption>{_items(image.captions)}'
        f"<small>{html.escape(sampled.title)}</small></figcaption></figure>"
    )


def _items(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>"
