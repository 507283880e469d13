"""Writes one shard: encode, write, rename, check. No Beam graph.

A shard is a function of its references and the request: a finished one is
known by the side file beside it and is skipped.
"""

import dataclasses
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline import encoding as encoding_lib
from pipeline import lock, progress, records, side_file, splits, storage
from pipeline import manifest as manifest_lib
from pipeline.card.shard_facts import ShardLog
from pipeline.readers import captions as captions_lib
from pipeline.rejects import Reject


@dataclasses.dataclass(frozen=True)
class ShardWriter:
    """Everything a shard's task needs, as plain values that travel.

    Attributes:
      encoding: of the images.
      output: the record set's folder.
      owner: of the output, as `lock.take` names it.
      request: digest of what was asked for; a shard of another is remade.
      num_shards: of each split.
      counters: raised as records are written.
    """

    encoding: encoding_lib.Encoding
    output: str
    owner: str
    request: str
    num_shards: int
    counters: progress.Counters = dataclasses.field(
        default_factory=progress.Counters
    )

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
        root = dataclasses.asdict(self.encoding.images)
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
        rows = self._kept(self.encoding.encode(merged, log), rejects)
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

    def _kept(
        self,
        rows: Iterable[records.CaptionedImage | Reject],
        rejects: list[Reject],
    ) -> Iterator[records.CaptionedImage]:
        """Passes records on, and adds the others to the rejects."""
        for row in rows:
            if isinstance(row, Reject):
                rejects.append(row)
                self.counters.add(rejects=1)
            else:
                yield row

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


def _merge_by_image(
    parts: Iterable[captions_lib.Reference],
) -> tuple[list[captions_lib.Reference], list[Reject]]:
    merged, rejects = [], []
    for _, group in itertools.groupby(parts, key=lambda part: part.image_id):
        members = list(group)
        try:
            merged.append(captions_lib.merge(members))
        except captions_lib.MalformedReference as error:
            rejects.append(
                encoding_lib.reject(members[0], error.reason, error.detail)
            )
    return merged, rejects
