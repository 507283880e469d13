"""Images that look alike: how many, in which splits, and a few to show.

Images with the same look are counted together before looks are compared, so a
picture that occurs a million times costs no more than one that occurs twice.
Blank images are counted apart and never as near-duplicates.
"""

import collections
import dataclasses
import heapq
import itertools
from collections.abc import Iterable, Mapping

from pipeline.card.shard_statistics import Image, Ref
from pipeline.images.perceptual_hash import Look

# So many looks that share a key are compared each with each; more are not.
CROWD = 32
_FEW = 2

# The images of one look: a row (split, how many, the first few by id) for each
# split, in the order of their names.
Holders = tuple[tuple[str, int, tuple[Ref, ...]], ...]


def merge(several: Iterable[Holders]) -> Holders:
    """Counts the images of several looks together."""
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
    """Groups images by their look; blank images are left out."""
    groups: dict[Look, list[Holders]] = collections.defaultdict(list)
    for image in images:
        if not image.look.blank:
            groups[image.look].append(((image.split, 1, (image.ref,)),))
    return {look: merge(group) for look, group in groups.items()}


@dataclasses.dataclass(frozen=True)
class Alike:
    """Near-duplicates among the images of one look.

    Attributes:
      repeated: split -> number of images with a near-duplicate in that split.
      leaked: split, except train -> number of images with a near-duplicate in
        train.
      groups: `repeated` or `leaked` -> two images to show.
    """

    repeated: Mapping[str, int]
    leaked: Mapping[str, int]
    groups: Mapping[str, tuple[Ref, Ref]]


def judge_look(own: Holders, near: Iterable[Holders]) -> Alike:
    """Finds the near-duplicates of the images of one look.

    Args:
      own: the images of that look.
      near: the images of each other look that is near to it.
    """
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
        # Sorted, so that both looks of a pair show it in the same order.
        groups["repeated"] = (min(first, other), max(first, other))
    if leaked:
        groups["leaked"] = _pair(own, around, min(leaked), "train")
    return Alike(repeated, leaked, groups)


def _pair(
    own: Holders, around: Holders, split: str, partner: str | None = None
) -> tuple[Ref, Ref]:
    """Picks an image of a split, and another of `partner` or the same split."""
    first = next(few[0] for name, _, few in own if name == split)
    other = next(
        ref
        for name, _, few in (*own, *around)
        for ref in few
        if name == (partner or split) and ref != first
    )
    return first, other
