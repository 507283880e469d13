import random

import pytest

from pipeline.card.duplicates import Holders, by_look, judge_look
from pipeline.card.look import Look
from pipeline.card.shard_facts import Image

LOOK, OTHER, BLANK = (Look(bits, b"\0" * 12) for bits in (7, 99, 0))


def image(name: str, split: str = "train", look: Look = LOOK) -> Image:
    return Image(name, split, f"{split}.tfrecord", 0, ("a dog",), look)


def holders(*images: Image) -> Holders:
    (found,) = by_look(images).values()
    return found


def test_images_of_one_look_are_counted_together() -> None:
    found = by_look(
        [image("b"), image("a"), image("c", look=OTHER), image("d", look=BLANK)]
    )
    assert found.keys() == {LOOK, OTHER}
    assert found[LOOK].counts == {"train": 2}
    assert [each.image_id for each in found[LOOK].few] == ["a", "b"]
    assert all(each.captions == () for each in found[LOOK].few)


def test_merging_keeps_a_few_in_any_order() -> None:
    ones = [holders(image(str(n), split)) for n in range(5) for split in "ab"]
    merged = Holders.merge(ones)
    assert merged.counts == {"a": 5, "b": 5}
    assert [(each.split, each.image_id) for each in merged.few] == [
        ("a", "0"),
        ("a", "1"),
        ("b", "0"),
        ("b", "1"),
    ]
    for seed in range(5):
        order = random.Random(seed).sample(ones, len(ones))
        halves = [Holders.merge(part) for part in (order[:3], order[3:])]
        assert Holders.merge(halves) == merged


def test_an_image_of_its_own_is_no_duplicate() -> None:
    alike = judge_look(holders(image("a")), [])
    assert (alike.repeated, alike.leaked, alike.groups) == ({}, {}, {})


@pytest.mark.parametrize("near", [True, False])
def test_a_pair_in_one_split_is_repeated(near: bool) -> None:
    one, two = image("a"), image("b", look=OTHER if near else LOOK)
    if near:
        alike = judge_look(holders(one), [holders(two)])
        assert alike.repeated == {"train": 1}
        other = judge_look(holders(two), [holders(one)])
        assert alike.groups == other.groups
    else:
        alike = judge_look(holders(one, two), [])
        assert alike.repeated == {"train": 2}
    assert [each.image_id for each in alike.groups["repeated"]] == ["a", "b"]
    assert alike.leaked == {}


def test_a_pair_across_splits_is_leaked() -> None:
    train, test = image("a"), image("b", "test", OTHER)
    alike = judge_look(holders(test), [holders(train)])
    assert (alike.repeated, alike.leaked) == ({}, {"test": 1})
    assert [i.image_id for i in alike.groups["leaked"]] == ["b", "a"]
    assert judge_look(holders(train), [holders(test)]).leaked == {}


def test_a_pair_outside_train_is_not_leaked() -> None:
    one, two = image("a", "validation"), image("b", "test", OTHER)
    assert judge_look(holders(one), [holders(two)]).leaked == {}
