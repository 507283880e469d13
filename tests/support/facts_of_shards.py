"""Facts of shards, as the data card's stages get them, made in code."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.card.feature_sums import Accumulator
from pipeline.card.shard_statistics import Image, ShardFacts
from pipeline.images.perceptual_hash import Look


def shard(
    split: str,
    captions: Mapping[str, Sequence[str]],
    *,
    number: int = 0,
    looks: Mapping[str, Look] | None = None,
) -> ShardFacts:
    """A shard of the given captions; every image has a look of its own."""
    sums = Accumulator()
    images = []
    for place, (name, texts) in enumerate(captions.items()):
        own = Look(0x1234567 * (place + 7 * number + 1) | 1 << 63, b"\0" * 12)
        look = (looks or {}).get(name, own)
        file = f"{split}-{number}.tfrecord"
        images.append(Image(name, split, file, place, tuple(texts), look))
        sums.add(np.full((2, 3), place, np.float32))
    return ShardFacts(tuple(images), sums.total())
