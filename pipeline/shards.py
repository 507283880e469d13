"""Writes one shard: read, decode, encode, write, rename, check. No Beam graph.

A shard is a function of its references and the request: a finished one is
known by the side file beside it and is skipped.
"""

import collections
import concurrent.futures
import dataclasses
import functools
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from apache_beam.io.filesystem import BeamIOError
from apache_beam.utils import shared

from pipeline import (
    encoders,
    lock,
    origin,
    progress,
    records,
    side_file,
    splits,
    storage,
)
from pipeline import images as images_lib
from pipeline import manifest as manifest_lib
from pipeline.card.look import Look
from pipeline.card.shard_facts import ShardLog
from pipeline.readers import captions as captions_lib
from pipeline.rejects import Reject

UNSTORABLE = "unstorable-grid"
_DECODE_THREADS = 2
# Two batches at once fill the cores that one leaves idle between its kernels.
_ENCODE_THREADS = 2


@dataclasses.dataclass(frozen=True)
class _Decoded:
    reference: captions_lib.Reference
    fitted: np.ndarray
    thumbnail: bytes
    look: Look


@dataclasses.dataclass(frozen=True)
class _Encoded:
    reference: captions_lib.Reference
    grid: np.ndarray
    thumbnail: bytes
    look: Look


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
class ShardWriter:
    """Everything a shard's task needs, as plain values that travel.

    Attributes:
      images: where the sources lie.
      output: the record set's folder.
      owner: of the output, as `lock.take` names it.
      request: digest of what was asked for; a shard of another is remade.
      encoder: name for `encoders.load_encoder`.
      weights: likewise.
      grid: how grids are stored.
      num_shards: of each split.
      batch_size: images the encoder takes at once.
      thumbnail_side: longest side in pixels; 0 stores none.
      limits: above which an image is rejected.
      counters: raised as records are written.
      model: handle that loads the encoder once a process.
    """

    images: origin.ImageRoot
    output: str
    owner: str
    request: str
    encoder: str
    weights: str | None
    grid: records.GridSpec
    num_shards: int
    batch_size: int
    thumbnail_side: int
    limits: images_lib.Limits = images_lib.LIMITS
    counters: progress.Counters = dataclasses.field(
        default_factory=progress.Counters
    )
    model: shared.Shared = dataclasses.field(default_factory=shared.Shared)

    def write(
        self,
        split: str,
        number: int,
        references: Iterable[captions_lib.Reference],
    ) -> side_file.WrittenShard:
        """Writes the shard, or reads the side file of a finished one."""
        name = splits.shard_name(split, number, self.num_shards)
        parts = sorted(references, key=dataclasses.astuple)
        content = [dataclasses.asdict(part) for part in parts]
        # The image root too: what could not be read there is tried elsewhere.
        root = dataclasses.asdict(self.images)
        key = manifest_lib.digest([self.request, root, content])
        merged, rejects = _merge_by_image(parts)
        captions = sum(len(part.captions) for part in parts)
        merged.sort(key=lambda part: splits.record_order(part.image_id))
        side = side_file.read(self.output, name, key)
        if side is None:
            side = {"key": key, **self._made(name, split, merged, rejects)}
            side_file.write(self.output, name, side)
            # Those of rejected images are done with too.
            rest = captions - side["row"]["captions"]
            self.counters.add(captions_written=rest)
        else:
            self.counters.add(
                images_skipped=side["row"]["records"],
                captions_skipped=captions,
            )
        return side_file.WrittenShard.join(side, merged)

    def _made(
        self,
        name: str,
        split: str,
        merged: list[captions_lib.Reference],
        rejects: list[Reject],
    ) -> dict[str, Any]:
        """Writes the records; returns the rest of the side file."""
        num_images, log = len(merged) + len(rejects), ShardLog()
        self.counters.add(rejects=len(rejects))
        rows = self._records(merged, rejects, log)
        row, offsets = self._write_records(name, split, rows)
        if row.records + len(rejects) != num_images:
            raise manifest_lib.RecordSetError(
                f"{name}: {num_images} images read, {row.records} written and "
                f"{len(rejects)} rejected"
            )
        return {
            "row": dataclasses.asdict(row),
            "rejects": [dataclasses.asdict(reject) for reject in rejects],
            "offsets": offsets,
            "card": log.to_json(),
        }

    def _write_records(
        self,
        name: str,
        split: str,
        rows: Iterable[records.CaptionedImage],
    ) -> tuple[manifest_lib.Shard, list[int]]:
        digest, offsets, captions, place = hashlib.sha256(), [], 0, 0

        def framed() -> Iterator[bytes]:
            nonlocal captions, place
            for record in rows:
                chunk = records.frame(record.to_bytes())
                digest.update(chunk)
                offsets.append(place)
                place += len(chunk)
                captions += len(record.captions)
                self.counters.add(
                    images=1,
                    bytes=len(chunk),
                    captions_written=len(record.captions),
                )
                yield chunk

        file = f"{name}.tfrecord"
        chunks = lock.guard(framed(), self.output, self.owner)
        size = storage.write_bytes(self.output, file, chunks)
        row = manifest_lib.Shard(
            file=file,
            split=split,
            records=len(offsets),
            captions=captions,
            bytes=size,
            sha256=digest.hexdigest(),
        )
        return row, offsets

    def _records(
        self,
        references: list[captions_lib.Reference],
        rejects: list[Reject],
        log: ShardLog,
    ) -> Iterator[records.CaptionedImage]:
        encoder = self.model.acquire(
            lambda: encoders.load_encoder(self.encoder, weights=self.weights)
        )
        # While batches are encoded, the next is decoded and the last written.
        decoded = _ahead(
            functools.partial(self._decode, encoder),
            references,
            depth=2 * self.batch_size,
            threads=_DECODE_THREADS,
        )
        batches = iter(
            lambda: list(itertools.islice(decoded, self.batch_size)), []
        )
        encoded = _ahead(
            functools.partial(self._encode, encoder),
            batches,
            depth=_ENCODE_THREADS + 1,
            threads=_ENCODE_THREADS,
        )
        for batch in encoded:
            for row in (self._store(row, log) for row in batch):
                if isinstance(row, Reject):
                    rejects.append(row)
                    self.counters.add(rejects=1)
                else:
                    yield row

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
            return _reject(reference, error.reason, error.detail)
        # A path that holds a null byte is a ValueError.
        except (OSError, BeamIOError, ValueError) as error:
            return _reject(reference, "unreadable", str(error)[:200])
        thumbnail = b""
        if self.thumbnail_side:
            thumbnail = images_lib.thumbnail(
                pixels, longest_side=self.thumbnail_side
            )
        fitted = encoder.fit(pixels)
        return _Decoded(reference, fitted, thumbnail, Look.of(fitted))

    def _encode(
        self, encoder: encoders.Encoder, batch: list[_Decoded | Reject]
    ) -> list[_Encoded | Reject]:
        """Encodes the rows that were decoded; rows keep their order."""
        good = [row for row in batch if isinstance(row, _Decoded)]
        encoded = iter(self._bisected(encoder, good))
        return [
            row if isinstance(row, Reject) else next(encoded) for row in batch
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
                return [_reject(batch[0].reference, "not-encodable", detail)]
            half = len(batch) // 2
            first = self._bisected(encoder, batch[:half])
            return first + self._bisected(encoder, batch[half:])
        return [
            _Encoded(row.reference, grid, row.thumbnail, row.look)
            for row, grid in zip(batch, grids, strict=True)
        ]

    def _store(
        self, row: _Encoded | Reject, log: ShardLog
    ) -> records.CaptionedImage | Reject:
        if isinstance(row, Reject):
            return row
        try:
            stored = self.grid.to_bytes(row.grid)
        except ValueError as error:
            return _reject(row.reference, UNSTORABLE, str(error))
        log.add(row.look, row.grid)
        return records.CaptionedImage(
            image_id=row.reference.image_id,
            source=row.reference.uri,
            captions=row.reference.captions,
            grid=stored,
            thumbnail=row.thumbnail,
        )


def _reject(
    reference: captions_lib.Reference, reason: str, detail: str
) -> Reject:
    return Reject(reference.image_id, reference.uri, reason, detail)


def _merge_by_image(
    parts: Iterable[captions_lib.Reference],
) -> tuple[list[captions_lib.Reference], list[Reject]]:
    merged, rejects = [], []
    for _, group in itertools.groupby(parts, key=lambda part: part.image_id):
        members = list(group)
        try:
            merged.append(captions_lib.merge(members))
        except captions_lib.MalformedReference as error:
            rejects.append(_reject(members[0], error.reason, error.detail))
    return merged, rejects
