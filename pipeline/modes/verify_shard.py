"""Reads one shard to its end and tells every damage in it.

TensorFlow opens no shard here: a crafted length crashes it.
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
    """A file whose every byte that is read goes into a digest."""

    def __init__(self, file: BinaryIO):
        self._file, self._sha256 = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._sha256.update(data)
        return data

    def hexdigest(self) -> str:
        """The digest of the whole file, whatever was read of it before."""
        while self.read(_CHUNK_BYTES):
            pass
        return self._sha256.hexdigest()


@dataclasses.dataclass(frozen=True)
class Expected:
    """What a record set's shards are held to.

    Attributes:
      files: sha256 -> file, of all of them.
      grid: shape and storage of the grids; None where it is not known.
      rule: of the splits; None where it is not known.
    """

    files: Mapping[str, str]
    grid: records.GridSpec | None = None
    rule: splits.SplitRule | None = None


class Examination:
    """One shard, read once.

    Attributes:
      offsets: of the records found, in bytes.
      captions: found in those that can be read.
      readable: whether all of them can.
    """

    def __init__(
        self,
        row: manifest.Shard,
        expected: Expected,
        owners: dict[str, str],
    ):
        """Takes what to hold the shard to.

        Args:
          row: what the manifest says of it.
          expected: of every shard.
          owners: image id -> the shard that holds it; filled in on the way.

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
        """Reads the shard.

        Args:
          file: at its beginning; never sought.
          size: bytes in it.

        Returns:
          One line for each damage. A shard with another's bytes is one damage,
          not as many as it has records.
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
        """What is wrong with one record; None stands for a bad checksum."""
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
            try:
                grid = self._expected.grid.from_bytes(image.grid)
            except ValueError as error:
                yield f"has {error}: {image.image_id}"
            else:
                if not np.isfinite(grid).all():
                    yield f"has a grid that is not finite: {image.image_id}"

    def _misplaced(self, image_id: str) -> Iterator[str]:
        """Whether the image belongs here, and is nowhere else."""
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
