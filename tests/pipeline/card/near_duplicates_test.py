"""Near-duplicates: counted within a split and across splits."""

import random

import pytest

from pipeline.card.near_duplicates import Holders, by_look, judge_look, merge
from pipeline.card.shard_statistics import Image
from pipeline.images.perceptual_hash import Look

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
    ((split, count, few),) = found[LOOK]
    assert (split, count, [ref[0] for ref in few]) == ("train", 2, ["a", "b"])


def test_merging_keeps_a_few_in_any_order() -> None:
    ones = [holders(image(str(n), split)) for n in range(5) for split in "ab"]
    merged = merge(ones)
    assert [(s, count, [r[0] for r in few]) for s, count, few in merged] == [
        ("a", 5, ["0", "1"]),
        ("b", 5, ["0", "1"]),
    ]
    for seed in range(5):
        order = random.Random(seed).sample(ones, len(ones))
        halves = [merge(part) for part in (order[:3], order[3:])]
        assert merge(halves) == merged


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
    assert [ref[0] for ref in alike.groups["repeated"]] == ["a", "b"]
    assert alike.leaked == {}


def test_a_pair_across_splits_is_leaked() -> None:
    train, test = image("a"), image("b", "test", OTHER)
    alike = judge_look(holders(test), [holders(train)])
    assert (alike.repeated, alike.leaked) == ({}, {"test": 1})
    assert [ref[0] for ref in alike.groups["leaked"]] == ["b", "a"]
    assert judge_look(holders(train), [holders(test)]).leaked == {}


def test_a_pair_outside_train_is_not_leaked() -> None:
    one, two = image("a", "validation"), image("b", "test", OTHER)
    assert judge_look(holders(one), [holders(two)]).leaked == {}
