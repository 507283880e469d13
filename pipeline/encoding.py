"""References -> records: images read, decoded, encoded, ahead of each other.

A row that fails is a reject, and never costs another its place.
"""

import collections
import concurrent.futures
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from apache_beam.io.filesystem import BeamIOError
from apache_beam.utils import shared

from pipeline import encoders, origin, records
from pipeline import images as images_lib
from pipeline.card.look import Look
from pipeline.card.shard_facts import ShardLog
from pipeline.readers import captions as captions_lib
from pipeline.rejects import Reject

UNSTORABLE = "unstorable-grid"
# Two batches at once fill the cores that one leaves idle between its kernels,
# and a third is decoded.
_THREADS = 3


@dataclasses.dataclass(frozen=True)
class _Decoded:
    reference: captions_lib.Reference
    fitted: np.ndarray
    thumbnail: bytes
    look: Look


@dataclasses.dataclass(frozen=True)
class _Encoded:
    decoded: _Decoded
    grid: np.ndarray
    stored: np.ndarray


def _ahead(
    function: Callable[[Any], Any],
    items: Iterable[Any],
    *,
    depth: int,
    threads: int,
) -> Iterator[Any]:
    """`map`, in order, with `depth` calls under way on threads."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        items = iter(items)
        pending = collections.deque(
            pool.submit(function, item)
            for item in itertools.islice(items, depth)
        )
        while pending:
            yield pending.popleft().result()
            pending.extend(
                pool.submit(function, item)
                for item in itertools.islice(items, 1)
            )


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How images become grids, as plain values that travel.

    Attributes:
      images: where the sources lie.
      encoder: name for `encoders.load_encoder`.
      weights: likewise.
      grid: how grids are stored.
      batch_size: images the encoder takes at once.
      thumbnail_side: longest side in pixels; 0 stores none.
      limits: above which an image is rejected.
      model: handle that loads the encoder once a process.
    """

    images: origin.ImageRoot
    encoder: str
    weights: str | None
    grid: records.GridSpec
    batch_size: int
    thumbnail_side: int
    limits: images_lib.Limits = images_lib.LIMITS
    model: shared.Shared = dataclasses.field(default_factory=shared.Shared)

    def encode(
        self, references: Iterable[captions_lib.Reference], log: ShardLog
    ) -> Iterator[records.CaptionedImage | Reject]:
        """One row for each reference, in order.

        Args:
          references: one an image.
          log: told of every grid that is stored.
        """
        encoder = self.model.acquire(
            lambda: encoders.load_encoder(self.encoder, weights=self.weights)
        )
        references = iter(references)
        batches = iter(
            lambda: list(itertools.islice(references, self.batch_size)), []
        )
        # While batches are decoded and encoded, the last is written.
        encoded = _ahead(
            functools.partial(self._encode_batch, encoder),
            batches,
            depth=_THREADS + 1,
            threads=_THREADS,
        )
        for batch in encoded:
            for row in batch:
                yield self._store(row, log)

    def _decode(
        self, encoder: encoders.Encoder, reference: captions_lib.Reference
    ) -> _Decoded | Reject:
        try:
            data = self.images.read(
                reference.source,
                max_bytes=self.limits.max_bytes,
                offset=reference.offset,
                length=reference.length,
            )
            pixels = encoder.decode(data, self.limits)
        except images_lib.RejectedImage as error:
            return reject(reference, error.reason, error.detail)
        # A path that holds a null byte is a ValueError.
        except (OSError, BeamIOError, ValueError) as error:
            return reject(reference, "unreadable", str(error)[:200])
        thumbnail = b""
        if self.thumbnail_side:
            thumbnail = images_lib.thumbnail(
                pixels, longest_side=self.thumbnail_side, file=data
            )
        fitted = encoder.fit(pixels)
        return _Decoded(reference, fitted, thumbnail, Look.of(fitted))

    def _encode_batch(
        self, encoder: encoders.Encoder, batch: list[captions_lib.Reference]
    ) -> list[_Encoded | Reject]:
        """Decodes a batch and encodes what was decoded; rows keep order."""
        rows = [self._decode(encoder, reference) for reference in batch]
        good = [row for row in rows if isinstance(row, _Decoded)]
        encoded = iter(self._bisected(encoder, good))
        return [
            row if isinstance(row, Reject) else next(encoded) for row in rows
        ]

    def _bisected(
        self, encoder: encoders.Encoder, batch: list[_Decoded]
    ) -> list[_Encoded | Reject]:
        """Halves a batch that fails, so that one image can't lose others."""
        if not batch:
            return []
        try:
            fitted = np.stack([row.fitted for row in batch])
            grids = encoder.encode(fitted, self.batch_size)
        except Exception as error:  # noqa: BLE001 - any failure is bisected
            if len(batch) == 1:
                detail = str(error)[:200]
                return [reject(batch[0].reference, "not-encodable", detail)]
            half = len(batch) // 2
            first = self._bisected(encoder, batch[:half])
            return first + self._bisected(encoder, batch[half:])
        return list(map(_Encoded, batch, grids, self.grid.narrow(grids)))

    def _store(
        self, row: _Encoded | Reject, log: ShardLog
    ) -> records.CaptionedImage | Reject:
        if isinstance(row, Reject):
            return row
        decoded, reference = row.decoded, row.decoded.reference
        try:
            stored = self.grid.to_bytes(row.stored)
        except ValueError as error:
            return reject(reference, UNSTORABLE, str(error))
        log.add(decoded.look, row.grid)
        return records.CaptionedImage(
            image_id=reference.image_id,
            source=reference.uri,
            captions=reference.captions,
            grid=stored,
            thumbnail=decoded.thumbnail,
        )


def reject(
    reference: captions_lib.Reference, reason: str, detail: str
) -> Reject:
    """What is told of a reference that is left out."""
    return Reject(reference.image_id, reference.uri, reason, detail)
