"""Reads one shard to its end and finds every damage in it.

Shards are not read by TensorFlow here, which a forged length of a record would
crash.
"""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np

from pipeline.recordset import manifest, records, shard_files, splits, tfrecord

_CHUNK_BYTES = 1 << 20
_JPEG = b"\xff\xd8\xff"


class _Digested:
    """A file, and the digest of every byte read from it."""

    def __init__(self, file: BinaryIO):
        self._file, self._sha256 = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._sha256.update(data)
        return data

    def hexdigest(self) -> str:
        """Reads the file to its end; returns its SHA-256."""
        while self.read(_CHUNK_BYTES):
            pass
        return self._sha256.hexdigest()


@dataclasses.dataclass(frozen=True)
class Expected:
    """What is expected of all shards of a record set.

    Attributes:
      files: SHA-256 -> file name, of all shards.
      grid: shape and storage of the grids; None if they are not known.
      rule: how images get a split; None if it is not known.
    """

    files: Mapping[str, str]
    grid: records.GridSpec | None = None
    rule: splits.SplitRule | None = None


class Examination:
    """One shard, read once.

    Attributes:
      offsets: the byte at which each record found begins.
      captions: number of captions in the records that can be read.
      readable: whether all records can be read.
    """

    def __init__(
        self,
        row: manifest.Shard,
        expected: Expected,
        owners: dict[str, str],
    ):
        """Takes what is expected of the shard.

        Args:
          row: what the manifest says of it.
          expected: what holds for every shard.
          owners: image id -> the shard that holds it; reading adds to it.

        Raises:
          ValueError: the row's file is not named as a shard of its split.
        """
        name = row.file.removesuffix(shard_files.RECORDS)
        split, self._number, self._num_shards = shard_files.parse_shard_name(
            name
        )
        if (split, name + shard_files.RECORDS) != (row.split, row.file):
            raise ValueError(f"{row.file!r} is no shard of {row.split!r}")
        self._row, self._expected, self._owners = row, expected, owners
        self.offsets: list[int] = []
        self.captions = 0
        self.readable = True

    def damages(self, file: BinaryIO, size: int) -> list[str]:
        """Reads the shard and compares it with what is expected.

        Args:
          file: the shard, opened at its beginning; it is only read forward.
          size: bytes in it.

        Returns:
          One line for each damage. A shard that holds another shard's bytes is
          one damage, however many records it has.
        """
        digested, row = _Digested(file), self._row
        lines = list(self._lines(digested, size))
        found = digested.hexdigest()
        if found == row.sha256:
            return lines
        if found in self._expected.files:
            other = self._expected.files[found]
            return [f"{row.file}: holds the bytes of {other}"]
        said = f"{found[:12]}, the manifest says {row.sha256[:12]}"
        return lines or [f"{row.file}: its sha256 is {said}"]

    def _lines(self, file: _Digested, size: int) -> Iterator[str]:
        row = self._row
        if size != row.bytes:
            yield f"{row.file}: {size} bytes, the manifest says {row.bytes}"
        try:
            for offset, data in tfrecord.read(file.read, size, row.file):
                self.offsets.append(offset)
                for line in self._record(data):
                    yield f"{row.file}: the record at byte {offset} {line}"
        except tfrecord.CorruptShard as error:
            yield str(error)
        lost = len(self.offsets) != row.records
        if lost or (self.readable and self.captions != row.captions):
            yield (
                f"{row.file}: {len(self.offsets)} records with {self.captions} "
                f"captions, the manifest says {row.records} with {row.captions}"
            )

    def _record(self, data: bytes | None) -> Iterator[str]:
        """Finds what is wrong with one record; None has a bad checksum."""
        if data is None:
            self.readable = False
            yield "does not fit its checksum"
            return
        try:
            image = records.CaptionedImage.from_bytes(data)
        except tfrecord.CorruptShard as error:
            self.readable = False
            yield f"is {error}"
            return
        self.captions += len(image.captions)
        yield from self._misplaced(image.image_id)
        if not all(map(str.strip, image.captions or [""])):
            yield f"lacks a caption: {image.image_id}"
        if image.thumbnail and not image.thumbnail.startswith(_JPEG):
            yield f"has a thumbnail that is no JPEG: {image.image_id}"
        if self._expected.grid is not None:
            for stored in (image.grid, *image.views.values()):
                try:
                    grid = self._expected.grid.from_bytes(stored)
                except ValueError as error:
                    yield f"has {error}: {image.image_id}"
                else:
                    if not np.isfinite(grid).all():
                        yield f"has a grid that is not finite: {image.image_id}"

    def _misplaced(self, image_id: str) -> Iterator[str]:
        """Finds out whether the image belongs here, and here only."""
        number = splits.shard_of(image_id, self._num_shards)
        if number != self._number:
            yield f"belongs to shard {number}: {image_id}"
        split, rule = self._row.split, self._expected.rule
        own = ("", "train", split)
        if rule and split not in {rule.assign(image_id, name) for name in own}:
            yield f"cannot have fallen in {split}: {image_id}"
        if image_id in self._owners:
            yield f"is in {self._owners[image_id]} too: {image_id}"
        self._owners[image_id] = self._row.file
