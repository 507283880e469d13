"""Images that look alike: how many, in which splits, and a few to show.

Images of equal look are counted together before any are compared, so that a
picture that stands a million times costs no more than one that stands twice.
Blank images are counted apart and are no duplicates.
"""

import collections
import dataclasses
import heapq
import itertools
from collections.abc import Iterable, Mapping

from pipeline.card.look import Look
from pipeline.card.shard_facts import Image

# Looks that share a key and are compared each with each.
CROWD = 32
_FEW = 2


@dataclasses.dataclass(frozen=True)
class Holders:
    """Images of one look.

    Attributes:
      counts: split -> images.
      few: some of each split, the first by id; without captions.
    """

    counts: Mapping[str, int]
    few: tuple[Image, ...]

    @classmethod
    def merge(cls, several: Iterable["Holders"]) -> "Holders":
        """Counts the images of all."""
        counts: collections.Counter[str] = collections.Counter()
        few: dict[str, set[Image]] = collections.defaultdict(set)
        for one in several:
            counts.update(one.counts)
            for image in one.few:
                few[image.split].add(image)
        kept = [heapq.nsmallest(_FEW, few[split]) for split in sorted(few)]
        return cls(dict(counts), tuple(itertools.chain.from_iterable(kept)))


def by_look(images: Iterable[Image]) -> dict[Look, Holders]:
    """Groups images by look; blank ones are left out."""
    groups: dict[Look, list[Holders]] = collections.defaultdict(list)
    for image in images:
        if not image.look.blank:
            own = Holders({image.split: 1}, (image.without_captions(),))
            groups[image.look].append(own)
    return {look: Holders.merge(group) for look, group in groups.items()}


@dataclasses.dataclass(frozen=True)
class Alike:
    """What the images of one look are found to be.

    Attributes:
      repeated: split -> images with a near-duplicate in the same split.
      leaked: split, other than train -> images with one in train.
      groups: topic, `repeated` or `leaked` -> two images to show.
    """

    repeated: Mapping[str, int]
    leaked: Mapping[str, int]
    groups: Mapping[str, tuple[Image, Image]]


def judge_look(own: Holders, near: Iterable[Holders]) -> Alike:
    """Judges the images of one look by those of looks near it."""
    around = Holders.merge(near)
    every = Holders.merge([own, around])
    repeated = {
        split: count
        for split, count in own.counts.items()
        if count > 1 or split in around.counts
    }
    leaked = {
        split: count
        for split, count in own.counts.items()
        if split != "train" and "train" in every.counts
    }
    groups = {}
    if repeated:
        first = min(each for each in own.few if each.split in repeated)
        other = _partner(first, first.split, own, around)
        # In one order, whichever of two looks is judged.
        groups["repeated"] = (min(first, other), max(first, other))
    if leaked:
        first = min(each for each in own.few if each.split in leaked)
        groups["leaked"] = (first, _partner(first, "train", own, around))
    return Alike(repeated, leaked, groups)


def _partner(image: Image, split: str, *holders: Holders) -> Image:
    """Another image of the split, sooner of the first holders."""
    return next(
        each
        for held in holders
        for each in held.few
        if each.split == split and each != image
    )
