"""Images whose captions are likelier with other images, for people to look at.

Of captions that were dealt out at random, three in four are listed; of sound
ones almost none, if the captioner looks at its images.
"""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from trainer.captioners import contract
from trainer.data import batches, split_images
from trainer.data.batching import Batching
from trainer.diagnosis import path_swaps

FILE = "suspicious_pairs.jsonl"
_PART = 32
# Two of seven others are likelier: by chance, six ranks in eight.
_OTHERS = 1.5 / 7


@dataclasses.dataclass(frozen=True)
class Pair:
    """An image and its captions.

    Attributes:
      image_id: the record's id.
      gap: by how much other images' mean loss is above its own, in nats a
        token; below zero where others are likelier.
      worse: share of other images, 0 to 1, that make the captions likelier.
      captions: of the image.
    """

    image_id: str
    gap: float
    worse: float
    captions: tuple[str, ...]


def find(
    captioner: contract.Captioner,
    record_set: record_set_lib.RecordSet,
    split: str,
    batching: Batching,
) -> list[Pair]:
    """Compares each image of a split with others; the most suspicious first.

    Args:
      captioner: trained; it has to look at its images.
      record_set: holds the images.
      split: one of its splits.
      batching: how captions are cut.

    Raises:
      RecordSetError: no such split.
    """
    compare = path_swaps.Comparison(captioner)
    found: list[Pair] = []
    for images in split_images.batches(record_set, split, batch_images=_PART):
        if len(images.image_ids) < 2:
            continue
        gaps, worse = compare(_batch(images, record_set, batching))
        found += [
            Pair(name, float(gap), float(share), tuple(captions))
            for name, gap, share, captions in zip(
                images.image_ids, gaps, worse, images.captions, strict=True
            )
            if share > _OTHERS
        ]
    return sorted(found, key=lambda pair: pair.gap)


def _batch(
    images: split_images.ImageBatch,
    record_set: record_set_lib.RecordSet,
    batching: Batching,
) -> batches.Batch:
    rows = len(images.image_ids)
    captions = tf.ragged.constant(images.captions, dtype=tf.string)
    encoded = batches.encode(captions, rows, record_set.vocabulary, batching)
    return {"grid": images.grid[:rows], **encoded}


def dump(pairs: Iterable[Pair]) -> str:
    """One line of JSON for each pair."""
    return "".join(json.dumps(row) + "\n" for row in map(_row, pairs))


def _row(pair: Pair) -> dict[str, Any]:
    return {
        "image_id": pair.image_id,
        "gap": round(pair.gap, 3),
        "worse": round(pair.worse, 3),
        "captions": list(pair.captions),
    }
