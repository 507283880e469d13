"""What a finished record set holds. Written last: it is the completion mark."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import tensorflow as tf

from pipeline import records
from pipeline import vocabulary as vocabulary_lib

SCHEMA = 2
# The first had no data card, and nothing else was different.
_READ = (1, SCHEMA)
MANIFEST_FILE = "manifest.json"
VOCABULARY_FILE = "vocabulary.tsv"
CARD_FILE = "data_card.json"
CARD_PAGE_FILE = "data_card.html"


class RecordSetError(ValueError):
    """A record set that is missing, unfinished, damaged or of another kind."""


@dataclasses.dataclass(frozen=True)
class Files:
    """How files are reached; TensorFlow's way, unless another is given.

    What reads a record set checks it by the way that it reads: `tf.data`
    through TensorFlow's file systems, the job through Beam's.

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


def canonical_json(value: Any) -> str:
    """JSON whose bytes depend on the content alone."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False)


def digest(value: Any) -> str:
    """sha256 of `canonical_json(value)`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class Shard:
    """A row of the manifest: one TFRecord file."""

    file: str
    split: str
    records: int
    captions: int
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A record set's content.

    Attributes:
      encoder: fingerprint of the encoder that made the grids.
      grid: shape and storage of every grid.
      shards: sorted by file.
      vocabulary_sha256: digest of the vocabulary file.
      card_sha256: digest of the data card; None for a set without one.
      rejected: reason -> number of images left out.
      settings: what was asked for, apart from paths and runner.
    """

    encoder: dict[str, Any]
    grid: records.GridSpec
    shards: tuple[Shard, ...]
    vocabulary_sha256: str
    rejected: dict[str, int]
    settings: dict[str, Any]
    card_sha256: str | None = None
    schema: int = SCHEMA

    @property
    def digest(self) -> str:
        """Equal for equal content, whatever runner or path made it."""
        return digest(self._row())

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits, sorted."""
        return tuple(sorted({shard.split for shard in self.shards}))

    def num_images(self, split: str) -> int:
        """Records in a split."""
        return sum(shard.records for shard in self.shards_of(split))

    def shards_of(self, split: str) -> tuple[Shard, ...]:
        """The split's rows.

        Raises:
          RecordSetError: no such split.
        """
        rows = tuple(shard for shard in self.shards if shard.split == split)
        if not rows:
            raise RecordSetError(
                f"no split {split!r} in the record set; it has "
                f"{', '.join(self.splits)}"
            )
        return rows

    def dump(self) -> str:
        """The manifest file's text."""
        return canonical_json({**self._row(), "digest": self.digest})

    def _row(self) -> dict[str, Any]:
        row = dataclasses.asdict(self)
        if self.schema == 1:
            del row["card_sha256"]
        return row

    @classmethod
    def load(cls, text: str) -> "Manifest":
        """The inverse of `dump`.

        Raises:
          RecordSetError: another schema, or a digest that does not fit.
        """
        try:
            row = dict(json.loads(text))
            said, schema = str(row.pop("digest")), row["schema"]
        except (KeyError, TypeError, ValueError) as error:
            raise RecordSetError(f"damaged manifest: {error!r}") from error
        if schema not in _READ:
            raise RecordSetError(
                f"manifest schema {schema}, this version reads "
                f"{' and '.join(map(str, _READ))}: make the record set anew"
            )
        if digest(row) != said:
            raise RecordSetError(
                f"damaged manifest: digest {digest(row)[:12]}, "
                f"it says {said[:12]}"
            )
        row["grid"] = records.GridSpec(**row["grid"])
        row["shards"] = tuple(Shard(**shard) for shard in row["shards"])
        return cls(**row)


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
      views: splits that are read otherwise than the manifest says.
    """

    path: str
    manifest: Manifest
    vocabulary: vocabulary_lib.Vocabulary
    views: Mapping[str, tuple[Part, ...]] = dataclasses.field(
        default_factory=dict
    )

    def parts(self, split: str) -> tuple[Part, ...]:
        """Where the split's records lie, in order.

        Raises:
          RecordSetError: no such split.
        """
        if split in self.views:
            return self.views[split]
        return tuple(
            Part(os.path.join(self.path, shard.file), 0, shard.records)
            for shard in self.manifest.shards_of(split)
        )

    def num_images(self, split: str) -> int:
        """Records of the split, as it is read; raises as `parts` does."""
        return sum(part.records for part in self.parts(split))


def check_shard(path: str, shard: Shard, files: Files = TENSORFLOW) -> None:
    """Checks that a shard's file is what its row says, by its headers only.

    Args:
      path: the record set's folder.
      shard: the row.
      files: how it is reached.

    Raises:
      RecordSetError: no such file, or another size or number of records.
      records.CorruptShard: its framing is broken.
    """
    file = os.path.join(path, shard.file)
    if not files.exists(file):
        raise RecordSetError(f"{file}: in the manifest, but missing")
    size = files.size(file)
    if size != shard.bytes:
        raise RecordSetError(
            f"{file}: {size} bytes, the manifest says {shard.bytes}"
        )
    with files.open(file) as stream:
        count = sum(1 for _ in records.walk(stream, size, file))
    if count != shard.records:
        raise RecordSetError(
            f"{file}: {count} records, the manifest says {shard.records}"
        )


def open_record_set(path: str, files: Files = TENSORFLOW) -> RecordSet:
    """Reads the manifest and checks every shard before TensorFlow opens one.

    Args:
      path: the record set's folder.
      files: how it is reached.

    Raises:
      RecordSetError: no such folder, no manifest (the job did not finish), a
        damaged manifest or vocabulary, a shard of another size.
      records.CorruptShard: a shard whose framing is broken.
    """
    if not files.exists(path):
        raise RecordSetError(
            f"no record set at {path!r}: make one with `python -m "
            "pipeline.main`"
        )
    if not files.exists(os.path.join(path, MANIFEST_FILE)):
        raise RecordSetError(
            f"{path!r} has no {MANIFEST_FILE}: the job that makes it has not "
            "finished; run the same `python -m pipeline.main` again"
        )
    manifest = Manifest.load(_read(path, MANIFEST_FILE, files))
    words = _read(path, VOCABULARY_FILE, files)
    _check_text(path, VOCABULARY_FILE, words, manifest.vocabulary_sha256)
    if manifest.card_sha256:
        card = _read(path, CARD_FILE, files)
        _check_text(path, CARD_FILE, card, manifest.card_sha256)
    for shard in manifest.shards:
        check_shard(path, shard, files)
    return RecordSet(path, manifest, vocabulary_lib.Vocabulary.load(words))


def _check_text(path: str, name: str, text: str, sha256: str) -> None:
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        raise RecordSetError(f"{path!r}: {name} is not the one in the manifest")


def _read(path: str, name: str, files: Files) -> str:
    file = os.path.join(path, name)
    if not files.exists(file):
        raise RecordSetError(f"{file}: missing")
    with files.open(file) as stream:
        # Damaged bytes are left to the digest, which tells of them better.
        return str(stream.read(), errors="replace")
