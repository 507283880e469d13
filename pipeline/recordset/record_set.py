"""Opens a finished record set, and checks it before TensorFlow reads it."""

import dataclasses
import hashlib
import os
from collections.abc import Callable, Mapping
from typing import BinaryIO

import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import tfrecord
from pipeline.recordset import vocabulary as vocabulary_lib


@dataclasses.dataclass(frozen=True)
class Files:
    """How files are reached.

    A record set is checked through the file systems that will read it:
    TensorFlow's for `tf.data`, Beam's for the job.

    Attributes:
      exists: whether there is such a file or folder.
      size: of a file, in bytes.
      open: a file, to read its bytes.
    """

    exists: Callable[[str], bool]
    size: Callable[[str], int]
    open: Callable[[str], BinaryIO]


TENSORFLOW = Files(
    exists=tf.io.gfile.exists,
    size=lambda path: tf.io.gfile.stat(path).length,
    open=lambda path: tf.io.gfile.GFile(path, "rb"),
)


@dataclasses.dataclass(frozen=True)
class Part:
    """A run of records in a file.

    Attributes:
      path: of the file.
      first: number of the first, from zero.
      records: how many.
    """

    path: str
    first: int
    records: int


@dataclasses.dataclass(frozen=True)
class RecordSet:
    """A finished record set on disk or in a bucket.

    Attributes:
      path: its folder.
      manifest: its content.
      vocabulary: of its train split.
      resplit: split -> its parts, for splits that are not as in the manifest.
    """

    path: str
    manifest: manifest_lib.Manifest
    vocabulary: vocabulary_lib.Vocabulary
    resplit: Mapping[str, tuple[Part, ...]] = dataclasses.field(
        default_factory=dict
    )

    def parts(self, split: str) -> tuple[Part, ...]:
        """Where the split's records lie, in order.

        Raises:
          RecordSetError: no such split.
        """
        if split in self.resplit:
            return self.resplit[split]
        return tuple(
            Part(os.path.join(self.path, shard.file), 0, shard.records)
            for shard in self.manifest.shards_of(split)
        )

    def num_images(self, split: str) -> int:
        """Number of records that `parts` has.

        Raises:
          RecordSetError: no such split.
        """
        return sum(part.records for part in self.parts(split))

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that `parts` knows, sorted."""
        return tuple(sorted({*self.manifest.splits, *self.resplit}))

    def require(self, split: str, setting: str) -> None:
        """Checks that there is a split, before anything else is done.

        Args:
          split: its name.
          setting: what asks for it, for the message.

        Raises:
          RecordSetError: no such split.
        """
        if split not in self.splits:
            raise manifest_lib.RecordSetError(
                f"{setting}: no split {split!r} in the record set; it has "
                f"{', '.join(self.splits)}"
            )


def check_shard(
    path: str, shard: manifest_lib.Shard, files: Files = TENSORFLOW
) -> None:
    """Checks that a shard's file is what its row says, without its data.

    On a disk the header of each record is read, since TensorFlow ends silently
    at a cut one. In a bucket that would fetch most of the file, and a shard
    that was cut differs in its size: there the size alone is compared.

    Args:
      path: the record set's folder.
      shard: the row.
      files: how it is reached.

    Raises:
      RecordSetError: no such file, or another size or number of records.
      tfrecord.CorruptShard: its framing is broken.
    """
    file = os.path.join(path, shard.file)
    if not files.exists(file):
        raise manifest_lib.RecordSetError(
            f"{file}: in the manifest, but missing"
        )
    size = files.size(file)
    if size != shard.bytes:
        raise manifest_lib.RecordSetError(
            f"{file}: {size} bytes, the manifest says {shard.bytes}"
        )
    if "://" in file:
        return
    with open_headers(file) as stream:
        count = sum(1 for _ in tfrecord.walk(stream, size, file))
    if count != shard.records:
        raise manifest_lib.RecordSetError(
            f"{file}: {count} records, the manifest says {shard.records}"
        )


def open_headers(path: str) -> BinaryIO:
    """Opens a file for a walk: on a disk, skipped bytes are not read."""
    if "://" in path:
        return TENSORFLOW.open(path)
    file = open(path, "rb", buffering=0)
    if hasattr(os, "posix_fadvise"):  # Linux alone has it.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
    return file


def open_record_set(path: str, files: Files = TENSORFLOW) -> RecordSet:
    """Reads the manifest and checks every shard before TensorFlow opens one.

    Args:
      path: the record set's folder.
      files: how it is reached.

    Raises:
      RecordSetError: no such folder, no manifest (the job did not finish), a
        damaged manifest or vocabulary, a shard of another size.
      tfrecord.CorruptShard: a shard whose framing is broken.
    """
    if not files.exists(path):
        raise manifest_lib.RecordSetError(
            f"no record set at {path!r}: make one with `python -m "
            "pipeline.main`"
        )
    if not files.exists(os.path.join(path, manifest_lib.MANIFEST_FILE)):
        raise manifest_lib.RecordSetError(
            f"{path!r} has no {manifest_lib.MANIFEST_FILE}: the job that makes "
            "it has not finished; run the same `python -m pipeline.main` again"
        )
    manifest = manifest_lib.Manifest.load(
        _read(path, manifest_lib.MANIFEST_FILE, files)
    )
    words = _read(path, manifest_lib.VOCABULARY_FILE, files)
    _check_text(
        path, manifest_lib.VOCABULARY_FILE, words, manifest.vocabulary_sha256
    )
    if manifest.card_sha256:
        card = _read(path, manifest_lib.CARD_FILE, files)
        _check_text(path, manifest_lib.CARD_FILE, card, manifest.card_sha256)
    for shard in manifest.shards:
        check_shard(path, shard, files)
    return RecordSet(path, manifest, vocabulary_lib.Vocabulary.load(words))


def _check_text(path: str, name: str, text: str, sha256: str) -> None:
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        raise manifest_lib.RecordSetError(
            f"{path!r}: {name} is not the one in the manifest"
        )


def _read(path: str, name: str, files: Files) -> str:
    file = os.path.join(path, name)
    if not files.exists(file):
        raise manifest_lib.RecordSetError(f"{file}: missing")
    with files.open(file) as stream:
        # Invalid UTF-8 passes here: the digest names the damaged file.
        return str(stream.read(), errors="replace")
