"""How many pairs are wrong, and which, of pairs that were made wrong."""

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.card import wrong_pairs
from pipeline.card.baselines import Described

COLOURS = ["red", "green", "blue", "white", "black", "brown"]
NOUNS = ["dog", "cat", "horse", "boat", "house", "tree", "car", "bird"]
Captions = list[list[list[str]]]


def sound(images: int) -> tuple[Captions, np.ndarray]:
    """Two captions of what is in each image, and features that tell it."""
    draw = np.random.default_rng(0)
    captions, features = [], []
    for _ in range(images):
        colour, noun = draw.integers(len(COLOURS)), draw.integers(len(NOUNS))
        words = [COLOURS[colour], NOUNS[noun]]
        captions.append([["a", *words], ["one", *words, "here"]])
        seen = np.zeros(64)
        seen[[colour, 8 + noun]] = 1.0
        features.append(seen + draw.normal(0, 0.3, 64))
    return captions, np.array(features, np.float32)


def mixed(captions: Captions, share: float) -> tuple[Captions, set[int]]:
    """Moves captions of a share of the images on to the next of these."""
    draw = np.random.default_rng(1)
    struck = draw.permutation(len(captions))[: round(share * len(captions))]
    wrong = list(captions)
    for place, other in zip(struck, np.roll(struck, 1), strict=True):
        wrong[place] = captions[other]
    return wrong, set(struck.tolist())


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
def test_the_interval_holds_the_share_of_wrong_pairs(share: float) -> None:
    captions, pooled = sound(600)
    facts = wrong_pairs.rank(mixed(captions, share)[0], pooled).facts()
    assert facts is not None
    # Of captions that were moved, one in 48 fits by chance.
    assert facts.low <= share + 0.01
    assert facts.high >= 0.97 * share
    assert facts.high - facts.low < 0.18


@pytest.mark.parametrize(("share", "found"), [(0.1, 0.6), (0.5, 0.8)])
def test_of_what_is_suspicious_most_is_wrong(
    share: float, found: float
) -> None:
    captions, pooled = sound(600)
    wrong, struck = mixed(captions, share)
    listed = {
        place for place, _ in wrong_pairs.rank(wrong, pooled).suspicious()
    }
    assert len(listed & struck) > 0.75 * len(listed)
    assert len(listed & struck) > found * len(struck)


def test_of_sound_pairs_none_is_suspicious() -> None:
    assert wrong_pairs.rank(*sound(300)).suspicious() == []


def test_features_that_are_all_alike_tell_nothing() -> None:
    captions, pooled = sound(200)
    facts = wrong_pairs.rank(captions, np.ones_like(pooled)).facts()
    assert facts is not None
    assert facts.wrong == 1.0


def test_what_is_said_of_many_images_is_not_judged() -> None:
    captions, pooled = sound(400)
    template: Sequence[list[str]] = [["no", "description"]]
    given = [
        list(template) if place % 2 else own
        for place, own in enumerate(captions)
    ]
    ranks = wrong_pairs.rank(given, pooled)
    assert ranks.places.tolist() == list(range(0, 400, 2))
    facts = ranks.facts()
    assert facts is not None
    assert facts.wrong < 0.05


def test_of_too_few_images_nothing_is_said() -> None:
    captions, pooled = sound(wrong_pairs.LEAST_IMAGES - 1)
    ranks = wrong_pairs.rank(captions, pooled)
    assert ranks.facts() is None
    assert ranks.suspicious() == []
    described = [
        Described(tuple(" ".join(words) for words in row), grid)
        for row, grid in zip(captions, pooled, strict=True)
    ]
    assert wrong_pairs.measure(described) is None
