"""Images of a record set: a sample, and those that a finding is about."""

import html
from collections.abc import Iterable, Mapping

from pipeline.card.data_card import DataCard, Example
from pipeline.pages import document

# More would make the page heavy and say nothing more.
_MOST_GROUPS, _MOST_MEMBERS = 8, 12
_TITLES = {
    "leaked": "In train and in another split",
    "repeated": "Alike within one split",
    "blank": "Of one colour",
}

Group = tuple[Example, ...]


def _groups(card: DataCard, topic: str) -> list[Group]:
    groups = card.examples.get(topic, ())[:_MOST_GROUPS]
    return [group[:_MOST_MEMBERS] for group in groups]


def shown(card: DataCard) -> list[Example]:
    """The examples that `render` shows, and needs pictures of."""
    return [
        example
        for topic in ("sample", *_TITLES)
        for group in _groups(card, topic)
        for example in group
    ]


def render(card: DataCard, pictures: Mapping[Example, str]) -> str:
    """Returns a section.

    Args:
      card: finished.
      pictures: the address of each image of `shown`, '' without a thumbnail.
    """
    sample = "".join(_tiles(each, pictures) for each in _groups(card, "sample"))
    parts = [sample]
    for topic, title in _TITLES.items():
        boxes = "".join(
            f'<div class="example">{_tiles(group, pictures)}</div>'
            for group in _groups(card, topic)
        )
        if boxes:
            parts.append(f'<h3>{title}</h3><div class="alike">{boxes}</div>')
    return document.section(
        "Images", "Drawn by hash, with one caption each.", "".join(parts)
    )


def _tiles(group: Iterable[Example], pictures: Mapping[Example, str]) -> str:
    tiles = "".join(_tile(each, pictures[each]) for each in group)
    return f'<div class="tiles">{tiles}</div>'


def _tile(example: Example, picture: str) -> str:
    said = html.escape((*example.captions, "")[0])
    image = f'<img src="{picture}" alt="{said}">'
    if not picture:
        image = '<div class="empty">no thumbnail in the records</div>'
    return (
        f'<figure class="tile">{image}<figcaption>{said}'
        f"<small>{html.escape(f'{example.split}: {example.image_id}')}"
        "</small></figcaption></figure>"
    )
