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

from pipeline.card.shard_statistics import Image, Ref
from pipeline.images.perceptual_hash import Look

# Looks that share a key and are compared each with each.
CROWD = 32
_FEW = 2

# Of images of one look: split, how many, and the first few by id; by split.
Holders = tuple[tuple[str, int, tuple[Ref, ...]], ...]


def merge(several: Iterable[Holders]) -> Holders:
    """Counts the images of all."""
    counts: collections.Counter[str] = collections.Counter()
    few: dict[str, set[Ref]] = collections.defaultdict(set)
    for split, count, refs in itertools.chain.from_iterable(several):
        counts[split] += count
        few[split].update(refs)
    return tuple(
        (split, counts[split], tuple(heapq.nsmallest(_FEW, few[split])))
        for split in sorted(counts)
    )


def by_look(images: Iterable[Image]) -> dict[Look, Holders]:
    """Groups images by look; blank ones are left out."""
    groups: dict[Look, list[Holders]] = collections.defaultdict(list)
    for image in images:
        if not image.look.blank:
            groups[image.look].append(((image.split, 1, (image.ref,)),))
    return {look: merge(group) for look, group in groups.items()}


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
    groups: Mapping[str, tuple[Ref, Ref]]


def judge_look(own: Holders, near: Iterable[Holders]) -> Alike:
    """Judges the images of one look by those of looks near it."""
    around = merge(near)
    beside = {split for split, _, _ in around}
    every = beside | {split for split, _, _ in own}
    repeated = {
        split: count for split, count, _ in own if count > 1 or split in beside
    }
    leaked = {
        split: count
        for split, count, _ in own
        if split != "train" and "train" in every
    }
    groups = {}
    if repeated:
        first, other = _pair(own, around, min(repeated))
        # In one order, whichever of two looks is judged.
        groups["repeated"] = (min(first, other), max(first, other))
    if leaked:
        groups["leaked"] = _pair(own, around, min(leaked), "train")
    return Alike(repeated, leaked, groups)


def _pair(
    own: Holders, around: Holders, split: str, partner: str | None = None
) -> tuple[Ref, Ref]:
    """An image of one split and one of the partner's, or of the same."""
    first = next(few[0] for name, _, few in own if name == split)
    other = next(
        ref
        for name, _, few in (*own, *around)
        for ref in few
        if name == (partner or split) and ref != first
    )
    return first, other
