"""The data card's images: a sample, and the images a finding is about."""

from collections.abc import Mapping

from markupsafe import Markup

from pipeline.card.data_card import DataCard, Example
from pipeline.pages import document, template

_PARTS = template.macros(__file__, "card.html")

# More groups, or more images in one, would only make the page heavy.
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
    """Lists the examples that `render` shows; it needs their pictures."""
    return [
        example
        for topic in ("sample", *_TITLES)
        for group in _groups(card, topic)
        for example in group
    ]


def render(card: DataCard, pictures: Mapping[Example, str]) -> Markup:
    """Renders the section of images.

    Args:
      card: the data card.
      pictures: address of the thumbnail of each image of `shown`; '' if it has
        none.
    """
    parts = [
        Markup(_PARTS.tiles(_views(group, pictures)))
        for group in _groups(card, "sample")
    ]
    for topic, title in _TITLES.items():
        groups = [_views(group, pictures) for group in _groups(card, topic)]
        if groups:
            parts.append(Markup(_PARTS.alike(title, groups)))
    lead = "Drawn by hash, with one caption each."
    return document.section("Images", lead, Markup().join(parts))


def _views(
    group: Group, pictures: Mapping[Example, str]
) -> list[dict[str, str]]:
    return [
        {
            "picture": pictures[example],
            "said": (*example.captions, "")[0],
            "place": f"{example.split}: {example.image_id}",
        }
        for example in group
    ]
