"""What a finished record set holds. Written last: it is the completion mark."""

import dataclasses
import hashlib
import json
from typing import Any

from pipeline.recordset import records as records_lib

SCHEMA = 2
# Schema 1 has no data card, and is the same otherwise.
_READ = (1, SCHEMA)
MANIFEST_FILE = "manifest.json"
VOCABULARY_FILE = "vocabulary.tsv"
CARD_FILE = "data_card.json"
CARD_PAGE_FILE = "data_card.html"


class RecordSetError(ValueError):
    """A record set that is missing, unfinished, damaged or of another kind."""


def canonical_json(value: Any) -> str:
    """JSON whose bytes depend on the content alone."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False)


def digest(value: Any) -> str:
    """sha256 of `canonical_json(value)`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class Shard:
    """A row of the manifest: one TFRecord file.

    Attributes:
      file: its name in the record set's folder.
      split: of all its records.
      records: how many.
      captions: of all its records.
      bytes: size of the file.
      sha256: of the file, in hexadecimal.
    """

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
    grid: records_lib.GridSpec
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

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views that train images have beside their own."""
        return tuple(self.settings.get("views", ()))

    def num_images(self, split: str) -> int:
        """Number of records in a split.

        Raises:
          RecordSetError: no such split.
        """
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
        row["grid"] = records_lib.GridSpec(**row["grid"])
        row["shards"] = tuple(Shard(**shard) for shard in row["shards"])
        return cls(**row)
