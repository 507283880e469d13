"""The caption that scores best when every image gets it."""

import random

import pytest

from pipeline.scoring.cider import ReferenceIndex
from pipeline.scoring.constant_caption import (
    best_constant_caption,
    cider_d_of_each,
)
from pipeline.scoring.ptb_tokens import ptb_tokens
from tests.support import reference_data
from trainer.evaluation.baselines import bleu_4_of_each

COLOURS = "red green blue black white".split()
THINGS = "dog cat horse bird boat".split()


def _corpus(images=200, seed=0):
    draw = random.Random(seed)
    things = draw.choices(THINGS, weights=[20, 2, 2, 1, 1], k=images)
    colours = draw.choices(COLOURS, weights=[20, 2, 2, 1, 1], k=images)
    return [
        [
            f"a {colour} {thing} stands on the grass".split(),
            f"there is a {colour} {thing} out there".split(),
        ]
        for colour, thing in zip(colours, things, strict=True)
    ]


@pytest.mark.parametrize("rate", [cider_d_of_each, bleu_4_of_each])
def test_constant_is_the_best_rated_training_caption(rate):
    references = _corpus()
    captions = [caption for group in references for caption in group]
    best = best_constant_caption(captions, references, seed=0, rate=rate)
    distinct = list(dict.fromkeys(map(tuple, captions)))
    values = dict(zip(distinct, rate(distinct, references), strict=True))
    assert values[tuple(best)] == max(values.values())


def test_constant_is_the_same_for_the_same_seed():
    references = _corpus(images=400)
    captions = [caption for group in references for caption in group]
    first, second = (
        best_constant_caption(captions, references, seed=3) for _ in range(2)
    )
    assert first == second


def test_constant_needs_captions():
    with pytest.raises(ValueError, match="needs captions and references"):
        best_constant_caption([], [], seed=0)


@pytest.mark.data
def test_constant_caption_of_flickr8k():
    folder = reference_data.find("flickr8k")
    groups = {}
    for line in (folder / "Flickr8k.token.txt").read_text().splitlines():
        key, caption = line.split("\t")
        groups.setdefault(key.split("#")[0], []).append(ptb_tokens(caption))
    train, validation = (
        [groups[name] for name in (folder / file).read_text().split()]
        for file in ("Flickr_8k.trainImages.txt", "Flickr_8k.devImages.txt")
    )
    captions = [caption for group in train for caption in group]
    best = best_constant_caption(captions, train, seed=0, images=1000)
    index = ReferenceIndex.from_references(validation)
    # 0.133 to 0.143 over ten seeds; the best candidate here has 0.1434.
    assert 0.13 < index.scores_everywhere(best).mean() < 0.144
