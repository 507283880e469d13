"""Scene -> a caption, drawn from the grammar."""

import itertools
import random

from pipeline.scenes import truth
from pipeline.scenes import words as words_lib


def describe(scene: truth.Scene, rng: random.Random) -> str:
    """Draws a true caption of at most `MAX_WORDS` words.

    Nearly all mentionable objects are named, larger ones usually first;
    wording, relations, background, size and texture vary from draw to draw.

    Raises:
      ValueError: The scene has no mentionable object.
    """
    if not scene.mentionable:
        raise ValueError(f"scene {scene.id!r} has no mentionable object")
    while True:
        caption = _draw(scene, rng)
        if len(caption.replace(",", "").split()) <= words_lib.MAX_WORDS:
            return caption


def _draw(scene: truth.Scene, rng: random.Random) -> str:
    order = _mention_order(scene, rng)
    caption = _noun_phrase(scene, order[0], rng)
    for pair in itertools.pairwise(order):
        link = _link(scene, pair, rng, last=pair[1] == order[-1])
        caption += f"{link} {_noun_phrase(scene, pair[1], rng)}"
    if rng.random() < 0.15:
        caption = f"there is {caption}"
    if rng.random() < 0.65:
        phrase = rng.choice(words_lib.BACKGROUND_PHRASES[scene.background])
        leads = rng.random() < 0.2
        caption = f"{phrase}, {caption}" if leads else f"{caption} {phrase}"
    return caption


def _mention_order(scene: truth.Scene, rng: random.Random) -> list[int]:
    objects = scene.objects
    order = [at for at, each in enumerate(objects) if each.mentionable]
    order.sort(key=lambda at: (objects[at].size != "large", objects[at].x))
    if rng.random() < 0.2:
        rng.shuffle(order)
    if len(order) > 1 and rng.random() < 0.06:
        order.pop()
    return order


def _noun_phrase(scene: truth.Scene, at: int, rng: random.Random) -> str:
    one = scene.objects[at]
    twins = sum(each.shape == one.shape for each in scene.objects) > 1
    words = []
    if rng.random() < 0.3:
        words.append(one.size)
    if one.texture != "plain" and rng.random() < 0.6:
        words.append(one.texture)
    if twins or rng.random() < 0.97:
        words.append(one.colour)
    words.append(one.shape)
    said = [rng.choice(words_lib.SYNONYMS.get(word, (word,))) for word in words]
    return " ".join([words_lib.article(said[0]), *said])


def _link(
    scene: truth.Scene, pair: tuple[int, int], rng: random.Random, *, last: bool
) -> str:
    clear = scene.clear_relations(*pair)
    if clear and rng.random() < 0.4:
        return " " + rng.choice(words_lib.RELATION_PHRASES[rng.choice(clear)])
    if not last:
        return ","
    return " and" if rng.random() < 0.85 else " with"
