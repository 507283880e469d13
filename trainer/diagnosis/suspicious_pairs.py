"""The pairs of a record set that look wrong; nothing need be trained."""

from collections.abc import Iterator

import numpy as np

from pipeline.card import suspicious_pairs
from pipeline.recordset import record_set as record_set_lib
from trainer.data import split_images


def find(
    record_set: record_set_lib.RecordSet, split: str
) -> list[suspicious_pairs.Pair]:
    """Applies the data card's test to a whole split.

    Args:
      record_set: holds the images.
      split: one of its splits.

    Raises:
      RecordSetError: no such split.
    """
    return [
        pair
        for part in _parts(record_set, split)
        for pair in suspicious_pairs.find(*part)
    ]


def _parts(
    record_set: record_set_lib.RecordSet, split: str
) -> Iterator[tuple[list[str], list[list[str]], np.ndarray]]:
    """Yields ids, captions and pooled features of some thousand images."""
    images = record_set.num_images(split)
    size = -(-images // suspicious_pairs.parts(images))
    ids: list[str] = []
    captions: list[list[str]] = []
    pooled: list[np.ndarray] = []
    for batch in split_images.batches(record_set, split, batch_images=32):
        ids += batch.image_ids
        captions += batch.captions
        pooled.append(batch.real_grids.mean(axis=1))
        if len(ids) >= size:
            yield ids, captions, np.concatenate(pooled)
            ids, captions, pooled = [], [], []
    if ids:
        yield ids, captions, np.concatenate(pooled)
