"""The data card's images: which are shown, and how."""

import dataclasses

from pipeline.card.page import gallery
from tests.support import card_sample

NASTY = "<script>alert('x')</script>\"&"
LEAKED = card_sample.LEAKED


def test_pictures_stand_with_caption_split_and_name() -> None:
    found = {each: "data:,photo" for each in gallery.shown(LEAKED)}
    text = gallery.render(LEAKED, found)
    assert text.count('<img src="data:,photo"') == len(found) == 4
    assert "A dog runs .<small>train: train-0.jpg</small>" in text


def test_near_duplicates_stand_together() -> None:
    found = {each: "" for each in gallery.shown(LEAKED)}
    text = gallery.render(LEAKED, found)
    _, _, leaked = text.partition("<h3>In train and in another split</h3>")
    assert leaked.count('class="tiles"') == 1
    assert leaked.count("<figure") == 2
    assert "Of one colour" not in text


def test_missing_thumbnails_are_said() -> None:
    found = {each: "" for each in gallery.shown(LEAKED)}
    text = gallery.render(LEAKED, found)
    assert text.count("no thumbnail in the records") == 4
    assert "<img" not in text


def test_many_groups_and_members_are_cut() -> None:
    group = tuple(map(card_sample.example, range(30)))
    card = dataclasses.replace(
        LEAKED, examples={"blank": (group,) * 20, "sample": (group,)}
    )
    assert len(gallery.shown(card)) == 12 + 8 * 12
    text = gallery.render(card, {each: "" for each in group})
    assert text.count("<figure") == 12 + 8 * 12


def test_foreign_text_is_escaped() -> None:
    nasty = dataclasses.replace(
        card_sample.example(0), image_id=NASTY, split=NASTY, captions=(NASTY,)
    )
    card = dataclasses.replace(LEAKED, examples={"sample": ((nasty,),)})
    text = gallery.render(card, {nasty: "data:,photo"})
    assert "<script" not in text and "x')" not in text
