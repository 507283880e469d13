"""What was read, and where it went: counts that must agree, each in its unit.

A shard, a line, a caption and an image are never added up. What was read must
be in the record set, or be left out for a reason that is counted.
"""

import collections
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.files import download, image_root
from pipeline.printable import printable
from pipeline.readers import rejects
from pipeline.readers.annotation_files import DataSetError
from pipeline.readers.rejects import Reject, Remark, Unit
from pipeline.recordset import manifest

# From the job's last stage to what prints its last lines.
LEDGER_FILE = ".ledger.json"
_MOST_REASONS = 5
_ASK_AGAIN = "run the same command again, which asks the servers again"
# The units of which a reader counts one for each reference, or reject.
_ENTRIES = (Unit.LINES, Unit.ROWS, Unit.IMAGES)
# The units of which an image can have several.
_PARTS = (Unit.LINES, Unit.ROWS, Unit.ENTRIES, Unit.CAPTIONS)


@dataclasses.dataclass(frozen=True)
class Limits:
    """Above which shares of a unit the job fails.

    Attributes:
      share: of the images, and likewise of the captions, the lines, the rows.
      shard_share: of the shards.
    """

    share: float
    shard_share: float = 0.0

    def of(self, unit: Unit) -> tuple[str, float]:
        """Returns the flag that sets a unit's limit, and the limit."""
        if unit == Unit.SHARDS:
            return "--max_shard_reject_share", self.shard_share
        return "--max_reject_share", self.share


@dataclasses.dataclass(frozen=True)
class Tally:
    """What was left out for one reason; parts add up in any order.

    Attributes:
      count: how often.
      entries: references that were never made, or left out with it.
      captions: captions that were left out with it.
      first: where the first one is, in alphabetical order, and its detail.
    """

    count: int
    entries: int
    captions: int
    first: tuple[str, str]

    def number(self, unit: Unit) -> int:
        """Returns how many of a unit were left out."""
        if unit == Unit.CAPTIONS:
            return self.captions
        return self.entries if unit in _PARTS else self.count

    @classmethod
    def of(cls, row: Reject) -> "Tally":
        """Counts one reject."""
        first = row.source or row.image_id, row.detail
        return cls(1, row.entries, row.captions, first)

    def scaled(self, scale: float) -> "Tally":
        """Counts for `scale` times as much."""
        return dataclasses.replace(
            self,
            count=round(self.count * scale),
            entries=round(self.entries * scale),
            captions=round(self.captions * scale),
        )

    @classmethod
    def merge(cls, parts: Iterable["Tally"]) -> "Tally":
        """Adds up parts of one reason, at least one."""
        parts = list(parts)
        return cls(
            sum(part.count for part in parts),
            sum(part.entries for part in parts),
            sum(part.captions for part in parts),
            min(part.first for part in parts),
        )


@dataclasses.dataclass(frozen=True)
class Ledger:
    """Where all that was read went.

    Attributes:
      read: unit -> how many the reader met.
      left_out: reason -> what was left out for it.
      entries: references that were passed on.
      captions: captions that were passed on.
      images: images that were passed on.
      remarks: what to say of how the data was read.
    """

    read: Mapping[str, int]
    left_out: Mapping[str, Tally]
    entries: int
    captions: int
    images: int
    remarks: Sequence[Remark] = ()

    def check(self) -> None:
        """Compares what was read with what became of it.

        Raises:
          RecordSetError: something was lost without a reason.
        """
        tallies = self.left_out.values()
        entries = self.entries + sum(tally.entries for tally in tallies)
        captions = self.captions + sum(tally.captions for tally in tallies)
        for unit, found in (
            (self._entry_unit, entries),
            (Unit.CAPTIONS, captions),
        ):
            read = self.read.get(unit, 0)
            if read != found:
                raise manifest.RecordSetError(
                    f"{unit} were lost: {read} read, {found} accounted for; "
                    "this is a fault of the program, not of the data"
                )

    def judge(self, limits: Limits, see: str, *, mended: str = "") -> None:
        """Compares the share of rejects in each unit with its limit.

        Args:
          limits: of the shares.
          see: the files of the rejects.
          mended: what to do once the data is mended.

        Raises:
          DataSetError: there are too many of a unit, or there is no image.
        """
        told = self._excesses(limits)
        if told:
            # Shards that lack an unanswered image count as unfinished.
            advice = mended if self._lasting._excesses(limits) else _ASK_AGAIN
            then = f", and {advice}" if advice else ""
            raise DataSetError("; ".join([*told, f"see {see}{then}"]))
        if not self.images:
            raise DataSetError("the data set has no images")

    @property
    def _lasting(self) -> "Ledger":
        """Without what may be there the next time."""
        left_out = dict(self.left_out)
        left_out.pop(download.UNANSWERED, None)
        return dataclasses.replace(self, left_out=left_out)

    def _excesses(self, limits: Limits) -> list[str]:
        return [line for unit in Unit for line in self._excess(unit, limits)]

    def lines(self, see: str) -> Iterator[str]:
        """Formats the remarks, and each unit of which something is left out.

        Args:
          see: the files of the rejects, told where there are any.
        """
        yield from sorted(printable(remark.text) for remark in self.remarks)
        for unit in Unit:
            reasons = self._reasons(unit)
            if reasons:
                number, total = sum(reasons.values()), self._total(unit)
                of = f"{number} of {total}" if total else f"{number}"
                yield f"left out: {of} {unit}: {self._listed(reasons)}"
        if any(map(rejects.is_fault, self.left_out)):
            yield f"rejects: see {see}"

    def foresee(self, lost: Iterable[Reject], sample: int) -> "Ledger":
        """Adds what will be left out if a sample speaks for all images.

        Args:
          lost: rejects of the sample.
          sample: number of its images.
        """
        tallies: dict[str, list[Tally]] = collections.defaultdict(list)
        for row in lost:
            tallies[row.reason].append(Tally.of(row))
        scale = self.images / max(sample, 1)
        foreseen = {
            reason: Tally.merge(parts).scaled(scale)
            for reason, parts in tallies.items()
        }
        gone = sum(tally.count for tally in foreseen.values())
        both = [self.left_out, foreseen]
        return dataclasses.replace(
            self,
            left_out={
                reason: Tally.merge(
                    tallies[reason] for tallies in both if reason in tallies
                )
                for reason in {*self.left_out, *foreseen}
            },
            images=max(self.images - gone, 0),
        )

    def dump(self) -> str:
        """One line of JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def load(cls, text: str) -> "Ledger":
        """The inverse of `dump`."""
        row = json.loads(text)
        tallies = {
            reason: Tally(**tally | {"first": tuple(tally["first"])})
            for reason, tally in row["left_out"].items()
        }
        remarks = tuple(Remark(**remark) for remark in row["remarks"])
        return cls(**row | {"left_out": tallies, "remarks": remarks})

    @property
    def _entry_unit(self) -> Unit:
        return next((u for u in _ENTRIES if u in self.read), Unit.IMAGES)

    def _reasons(self, unit: Unit) -> dict[str, int]:
        """Reason -> how many of a unit were left out for it."""
        if unit == Unit.ENTRIES:
            return {}  # They go by the name that the reader has for them.
        units: set[Unit] = {unit}
        if unit == self._entry_unit:
            units.add(Unit.ENTRIES)
        return {
            reason: tally.number(rejects.unit_of(reason))
            for reason, tally in self.left_out.items()
            if rejects.unit_of(reason) in units
        }

    def _total(self, unit: Unit) -> int:
        """How many of a unit there were; 0 where nobody counts them."""
        if unit == Unit.IMAGES:
            return self.images + sum(self._reasons(unit).values())
        return self.read.get(unit, 0)

    def _judged(self, unit: Unit) -> int:
        """How many of a unit the data set itself does not leave out."""
        fine = [
            tally.number(unit)
            for reason, tally in self.left_out.items()
            if not rejects.is_fault(reason)
            and (unit in _PARTS or reason in self._reasons(unit))
        ]
        return self._total(unit) - sum(fine)

    def _excess(self, unit: Unit, limits: Limits) -> Iterator[str]:
        """Yields what to say of a unit of which too many were rejected."""
        faults = {
            reason: number
            for reason, number in self._reasons(unit).items()
            if rejects.is_fault(reason)
        }
        rejected = sum(faults.values())
        if not rejected:
            return
        total = self._judged(unit)
        flag, limit = limits.of(unit)
        astray = faults.get(image_root.NO_SUCH_IMAGE, 0)
        if rejected / total <= limit:
            return
        if astray > total / 2:
            yield (
                f"--images names the wrong place: {astray} of {total} {unit} "
                f"are not there ({self._first(image_root.NO_SUCH_IMAGE)})"
            )
        else:
            yield (
                f"{rejected} of {total} {unit} were rejected "
                f"({rejected / total:.1%}, {flag} is {limit:.1%}): "
                f"{self._listed(faults)}"
            )

    def _listed(self, reasons: Mapping[str, int]) -> str:
        """Formats the most frequent reasons, each with its first member."""
        often = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
        told = []
        for reason, number in often[:_MOST_REASONS]:
            told.append(f"{reason} {number} ({self._first(reason)})")
        if len(often) > _MOST_REASONS:
            told.append(f"{len(often) - _MOST_REASONS} reasons more")
        return ", ".join(told)

    def _first(self, reason: str) -> str:
        first = ": ".join(filter(None, self.left_out[reason].first))
        return printable(f"first {first}")
