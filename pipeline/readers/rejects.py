"""What a reader meets, and what is left out of a record set, and why.

Everything that a reader meets is counted as `Read`, and all of it that becomes
no reference is a `Reject`. Some of these are no fault of the data, such as
images that no split list names: they are counted, but neither listed one by
one nor judged. What is read otherwise than it stands is told by a `Remark`.
"""

import dataclasses
import enum
import json
from collections.abc import Iterable

from pipeline.files import beam_files
from pipeline.recordset import shard_files

# The side output that carries all three.
REJECTS = "rejects"
PATTERN = "rejects-*.jsonl"


class Unit(enum.StrEnum):
    """What is counted by itself, and never added to another unit."""

    SHARDS = "shards"
    LINES = "lines"
    ROWS = "rows"
    CAPTIONS = "captions"
    IMAGES = "images"
    COLUMNS = "columns"
    # Whatever the data set's reader turns into references, one by one.
    ENTRIES = "entries"


# Every other reason is one of an image.
_UNITS = {
    "malformed-shard": Unit.SHARDS,
    "malformed-line": Unit.LINES,
    "first-row": Unit.LINES,
    "malformed-row": Unit.ROWS,
    "malformed-annotation": Unit.CAPTIONS,
    "annotation-without-image": Unit.CAPTIONS,
    "blank-caption": Unit.CAPTIONS,
    "beside-txt": Unit.CAPTIONS,
    "unread-column": Unit.COLUMNS,
    "over-limit": Unit.ENTRIES,
    "repeated-entry": Unit.ENTRIES,
    "repeated-caption": Unit.CAPTIONS,
}
_NO_FAULT = frozenset(
    {
        "annotation-without-image",
        "beside-txt",
        "dropped-pair",
        "first-row",
        "listed-without-captions",
        "over-limit",
        "repeated-caption",
        "repeated-entry",
        "unlisted",
        "unread-column",
    }
)


@dataclasses.dataclass(frozen=True)
class Read:
    """So many of a unit were met, whatever becomes of them."""

    unit: Unit
    number: int = 1


@dataclasses.dataclass(frozen=True)
class Remark:
    """A line for the user, of how the data was read."""

    text: str


@dataclasses.dataclass(frozen=True)
class Reject:
    """An input that was left out, and why.

    Attributes:
      image_id: of the image, or what stands for it, such as a line's start.
      source: where it is, or ''.
      reason: a short stable slug.
      detail: what is wrong with it, for people.
      entries: how many inputs that would have become references it stands for.
      captions: how many captions are left out with it.
    """

    image_id: str
    source: str
    reason: str
    detail: str
    entries: int = dataclasses.field(default=1, compare=False)
    captions: int = dataclasses.field(default=0, compare=False)

    @property
    def unit(self) -> Unit:
        """What is left out."""
        return unit_of(self.reason)

    @property
    def fault(self) -> bool:
        """Whether something is wrong with it."""
        return is_fault(self.reason)

    @property
    def row(self) -> dict[str, str]:
        """What files tell of it."""
        return {
            "image_id": self.image_id,
            "source": self.source,
            "reason": self.reason,
            "detail": self.detail,
        }


def unit_of(reason: str) -> Unit:
    """What is left out for a reason."""
    return _UNITS.get(reason, Unit.IMAGES)


def is_fault(reason: str) -> bool:
    """Whether a reason says that something is wrong with the data."""
    return reason not in _NO_FAULT


def caption(image_id: str, source: str, reason: str, detail: str) -> Reject:
    """Makes the reject of one caption."""
    return Reject(image_id, source, reason, detail, entries=0, captions=1)


def again(
    image_id: str, source: str, *, entries: int = 0, captions: int = 0
) -> Reject:
    """Makes the reject of what is said a second time of an image."""
    reason = "repeated-entry" if entries else "repeated-caption"
    return Reject(
        image_id,
        source,
        reason,
        "said again of this image",
        entries=entries,
        captions=captions,
    )


def shard(source: str, detail: str) -> Reject:
    """Makes the reject of a shard that cannot be read to its end."""
    return Reject(source, source, "malformed-shard", detail, entries=0)


def write_rejects(
    output: str, number: int, num_shards: int, rows: Iterable[Reject]
) -> list[str]:
    """Writes one `rejects-*.jsonl`; returns the reason of each row."""
    ordered = _ordered(rows)
    name = shard_files.shard_name("rejects", number, num_shards) + ".jsonl"
    beam_files.write_text(output, name, dump(ordered))
    return [row.reason for row in ordered]


def dump(rows: Iterable[Reject]) -> str:
    """One line of JSON for each row, sorted."""
    return "".join(json.dumps(row.row) + "\n" for row in _ordered(rows))


def _ordered(rows: Iterable[Reject]) -> list[Reject]:
    return sorted(rows, key=lambda row: tuple(row.row.values()))
