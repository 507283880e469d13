"""Writes one shard: encode, write, rename, check. No Beam graph.

References and request alone decide what a shard holds. So a shard whose side
file has the digest of both is finished, and is skipped.
"""

import collections
import dataclasses
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.card.shard_statistics import ShardLog
from pipeline.files import beam_files, ownership
from pipeline.readers import reference
from pipeline.readers.rejects import Reject
from pipeline.recordset import manifest, records, shard_files, splits, tfrecord
from pipeline.shards import ahead, encode, shard_index
from pipeline.shards import counters as counters_lib


@dataclasses.dataclass(frozen=True)
class ShardWriter:
    """Everything that the writing of a shard needs, as values that travel.

    Attributes:
      encoding: of the images.
      output: the record set's folder.
      owner: of the output, as `ownership.take` names it.
      request: digest of what was asked for; shards of another are made again.
      num_shards: of each split.
      counters: raised as records are written.
    """

    encoding: encode.Encoding
    output: str
    owner: str
    request: str
    num_shards: int
    counters: counters_lib.Counters = dataclasses.field(
        default_factory=counters_lib.Counters
    )

    def write(
        self,
        split: str,
        number: int,
        references: Iterable[reference.Reference],
    ) -> shard_index.WrittenShard:
        """Writes the shard, or reads the side file of a finished one."""
        with encode.open_threads() as threads:
            return self.begin(split, number, references, threads).finish()

    def begin(
        self,
        split: str,
        number: int,
        references: Iterable[reference.Reference],
        threads: ahead.Ahead[encode.Batch],
    ) -> "BegunShard":
        """Queues the shard's images, or finds that it is finished.

        Shards must be finished in the order in which they were begun. As the
        last images of one are encoded, so are the first of the next, if that
        was begun before `finish` of the one.

        Args:
          split: of the images.
          number: of the shard, in [0, num_shards).
          references: of all its images, in any order.
          threads: of `encode.open_threads`.
        """
        name = shard_files.shard_name(split, number, self.num_shards)
        parts = sorted(references, key=lambda part: tuple(vars(part).values()))
        content = list(map(vars, parts))
        # With the root: what is unreadable in one may be readable in another.
        root = dataclasses.asdict(self.encoding.images)
        key = manifest.digest([self.request, root, content])
        merged, rejects = _merge_by_image(parts)
        merged.sort(key=lambda part: splits.record_order(part.image_id))
        side = shard_index.read(self.output, name, key)
        return BegunShard(
            self,
            split,
            name,
            key,
            merged,
            rejects,
            captions=_count_captions(parts),
            side=side,
            encoded=() if side else self.encoding.queue(merged, threads),
        )


@dataclasses.dataclass(frozen=True)
class BegunShard:
    """A shard whose images are queued, and may be under way.

    Attributes:
      writer: that began it.
      split: of its images.
      name: of its files.
      key: digest of all that decides its content.
      merged: its images, in the order of its records.
      rejects: images that are left out; `finish` adds those that it finds.
      captions: image id -> how many its references have.
      side: the side file, if it was finished before.
      encoded: its images in batches, in the order of `merged`; none if it was
        finished before.
    """

    writer: ShardWriter
    split: str
    name: str
    key: str
    merged: list[reference.Reference]
    rejects: list[Reject]
    captions: collections.Counter[str]
    side: dict[str, Any] | None
    encoded: Iterable[encode.Batch]

    def finish(self) -> shard_index.WrittenShard:
        """Writes the shard and its side file, unless they are there.

        Raises:
          RecordSetError: images were lost.
          LockError: another run took the output.
          OSError: the shard cannot be written.
        """
        counters, side = self.writer.counters, self.side
        if side:
            counters.add(
                images_skipped=side["row"]["records"],
                captions_skipped=self.captions.total(),
            )
        else:
            side = {"key": self.key, **self._made()}
            shard_index.write(self.writer.output, self.name, side)
            # Captions of rejected images are done with, too.
            rest = self.captions.total() - side["row"]["captions"]
            counters.add(captions_written=rest)
        return shard_index.WrittenShard.join(side, self.merged, self.captions)

    def _made(self) -> dict[str, Any]:
        """Writes the records; returns the rest of the side file."""
        num_images, log = len(self.merged) + len(self.rejects), ShardLog()
        self.writer.counters.add(rejects=len(self.rejects))
        row, offsets = self._write_records(self._records(log))
        if row.records + len(self.rejects) != num_images:
            raise manifest.RecordSetError(
                f"{self.name}: {num_images} images read, {row.records} written "
                f"and {len(self.rejects)} rejected"
            )
        return {
            "row": dataclasses.asdict(row),
            "rejects": [reject.row for reject in self.rejects],
            "offsets": offsets,
            "card": log.to_json(),
        }

    def _records(self, log: ShardLog) -> Iterator[records.CaptionedImage]:
        """Passes records on, and adds the others to the rejects."""
        for encoded in itertools.chain.from_iterable(self.encoded):
            row = self.writer.encoding.store(encoded, log)
            if isinstance(row, Reject):
                self.rejects.append(row)
                self.writer.counters.add(rejects=1)
            else:
                yield row

    def _write_records(
        self, rows: Iterable[records.CaptionedImage]
    ) -> tuple[manifest.Shard, list[int]]:
        digest, offsets, captions, place = hashlib.sha256(), [], 0, 0

        def framed() -> Iterator[bytes]:
            nonlocal captions, place
            for record in rows:
                chunk = tfrecord.frame(record.to_bytes())
                digest.update(chunk)
                offsets.append(place)
                place += len(chunk)
                captions += len(record.captions)
                self.writer.counters.add(
                    images=1,
                    bytes=len(chunk),
                    captions_written=len(record.captions),
                )
                yield chunk

        file, output = f"{self.name}{shard_files.RECORDS}", self.writer.output
        chunks = ownership.guard(framed(), output, self.writer.owner)
        size = beam_files.write_bytes(output, file, chunks)
        row = manifest.Shard(
            file=file,
            split=self.split,
            records=len(offsets),
            captions=captions,
            bytes=size,
            sha256=digest.hexdigest(),
        )
        return row, offsets


def _count_captions(
    parts: Iterable[reference.Reference],
) -> collections.Counter[str]:
    counts: collections.Counter[str] = collections.Counter()
    for part in parts:
        counts[part.image_id] += len(part.captions)
    return counts


def _merge_by_image(
    parts: Iterable[reference.Reference],
) -> tuple[list[reference.Reference], list[Reject]]:
    merged, rejects = [], []
    for _, group in itertools.groupby(parts, key=lambda part: part.image_id):
        members = list(group)
        try:
            merged.append(reference.merge(members))
        except reference.MalformedReference as error:
            rejects.append(
                encode.reject(members[0], error.reason, error.detail)
            )
    return merged, rejects
