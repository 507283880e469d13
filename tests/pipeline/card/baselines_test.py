"""Scores of captions that need no model, and the pairing test."""

import itertools

import numpy as np
import pytest

from pipeline.card.baselines import Described, measure, pairing

COLOURS = "red green blue black white".split()
THINGS = "dog cat horse bird boat".split()


def _images(count: int, seed: int) -> list[Described]:
    """Images whose features tell colour and thing, noisily."""
    draw = np.random.default_rng(seed)
    images = []
    for colour, thing in draw.integers(0, 5, (count, 2)):
        pooled = draw.normal(scale=0.2, size=10)
        pooled[colour] += 1
        pooled[5 + thing] += 1
        name = f"{COLOURS[colour]} {THINGS[thing]}"
        captions = (f"A {name} stands here .", f"there is a {name}")
        images.append(Described(captions, pooled.astype(np.float32)))
    return images


def test_permutations_are_counted_exactly() -> None:
    scores = np.random.default_rng(4).random((6, 6)) ** 3
    means = [
        np.mean([scores[i, j] for i, j in enumerate(order)])
        for order in itertools.permutations(range(6))
    ]
    test = pairing(scores)
    assert test.true == pytest.approx(scores.diagonal().mean())
    assert test.permuted == pytest.approx(np.mean(means))
    assert test.deviation == pytest.approx(np.std(means))
    assert test.z == pytest.approx((test.true - np.mean(means)) / np.std(means))


def test_pairs_that_are_all_alike_do_not_count() -> None:
    rows = np.random.default_rng(0).random(7)
    assert pairing(np.tile(rows, (7, 1))).z == 0


def test_true_pairs_stand_out() -> None:
    facts = measure("test", _images(60, 0), _images(150, 1))
    assert facts is not None
    assert facts.pairing_z is not None and facts.pairing_z > 8
    assert facts.human is not None
    assert facts.human > 1
    assert facts.nearest > facts.constant > 0
    assert facts.nearest > facts.permuted + 3 * facts.permuted_deviation
    assert facts.constant_caption.split()[-1] in THINGS + ["here"]
    assert (facts.split, facts.images, facts.train_images) == ("test", 60, 150)


def test_swapped_captions_do_not_stand_out() -> None:
    train = _images(150, 1)
    swapped = [
        Described(other.captions, one.pooled)
        for one, other in zip(train, train[1:] + train[:1], strict=True)
    ]
    facts = measure("test", _images(60, 0), swapped)
    assert facts is not None and facts.pairing_z is not None
    assert abs(facts.pairing_z) < 3


def test_blank_features_do_not_stand_out() -> None:
    def blank(images: list[Described]) -> list[Described]:
        return [
            Described(one.captions, np.zeros(10, np.float32)) for one in images
        ]

    facts = measure("test", blank(_images(60, 0)), blank(_images(90, 1)))
    assert facts is not None
    assert facts.pairing_z == 0


def test_one_caption_each_has_no_human() -> None:
    one = [Described(i.captions[:1], i.pooled) for i in _images(9, 0)]
    facts = measure("test", one, _images(9, 1))
    assert facts is not None and facts.human is None


def test_one_image_is_too_few() -> None:
    assert measure("test", _images(1, 0), _images(9, 1)) is None
    assert measure("test", _images(9, 0), []) is None
