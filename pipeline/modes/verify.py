"""Finds every damage of a record set, in one pass over its files.

Shards of the same number, one of each split, are read together: an image id
has the same number in every split, so a repeated id is found among them. Memory
is bounded by their image ids and by the records being read.
"""

import collections
import concurrent.futures
import contextlib
import dataclasses
import fnmatch
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence, Set
from typing import BinaryIO

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from pipeline import progress_line
from pipeline.files import beam_files
from pipeline.job import request
from pipeline.modes import verify_shard
from pipeline.printable import printable
from pipeline.readers import rejects
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import shard_files, splits

_THREADS = 4
_DAMAGED = (ValueError, TypeError, KeyError, OSError, BeamIOError)
_MOST_LINES = 20


class Tally:
    """Counts what has been read so far; several threads may add to it.

    Attributes:
      total: size of all shards in bytes, once it is known.
      shards: number of shards read to their end.
      images: number of records found.
      bytes: size of the shards read.
    """

    def __init__(self) -> None:
        """Begins at zero."""
        self.total = self.shards = self.images = self.bytes = 0
        self._lock = threading.Lock()
        self._pace = progress_line.Pace()

    def add(self, *, images: int, size: int) -> None:
        """Counts a shard of so many records and bytes."""
        with self._lock:
            self.shards += 1
            self.images += images
            self.bytes += size

    def __str__(self) -> str:
        """Formats the counts, such as `24 shards, 8000 images, 1021.1 MB`."""
        megabytes = self.bytes / 1e6
        return f"{self.shards} shards, {self.images} images, {megabytes:.1f} MB"

    def line(self) -> str:
        """Formats the counts, with rate and time left if they are known."""
        rate = self._pace.rate(self.bytes)
        left = progress_line.time_left(self.total - self.bytes, rate)
        pace = f", {rate / 1e6:.1f} MB/s" if rate else ""
        return f"{self}{pace}{left}"


def verify(output: str) -> str:
    """Prints a line for each damage of a record set.

    Args:
      output: the record set's folder, on any of Beam's file systems.

    Returns:
      A line that says that there is no damage.

    Raises:
      RecordSetError: there are damages, or there is no record set.
    """
    tally, damages = Tally(), 0
    with progress_line.show(tally.line):
        for line in find_damages(output, tally):
            print(printable(line), flush=True)
            damages += 1
    if damages:
        raise manifest_lib.RecordSetError(
            f"{output}: {tally}, {damages} damages; remove the damaged "
            "files and run the same job again"
        )
    return f"{output}: {tally}, no damage"


def find_damages(path: str, tally: Tally) -> Iterator[str]:
    """Reads every byte of a record set.

    If the manifest can't be read, shards are compared with their side files.

    Args:
      path: the record set's folder, on any of Beam's file systems.
      tally: counts what is read.

    Yields:
      One line for each damage.

    Raises:
      RecordSetError: there is nothing at `path`.
    """
    folder = _Folder.listed(path)
    manifest = None
    try:
        text = folder.text(manifest_lib.MANIFEST_FILE)
        manifest = manifest_lib.Manifest.load(text)
        rows: Sequence[manifest_lib.Shard] = manifest.shards
    except _DAMAGED as error:
        yield str(error)
        rows = _rows_of_side_files(folder)
    if manifest is not None:
        yield from _beside_the_shards(folder, manifest)
    yield from _unlisted(folder, {row.file for row in rows})
    expected = _expected(manifest, rows)
    tally.total = sum(row.bytes for row in rows)
    numbers = collections.defaultdict(list)
    for row in rows:
        numbers[row.file.removeprefix(row.split)].append(row)

    def number_damages(group: list[manifest_lib.Shard]) -> list[str]:
        """Finds the damages of the shards of one number."""
        owners: dict[str, str] = {}
        return [
            line
            for row in group
            for line in _shard_damages(folder, row, expected, owners, tally)
        ]

    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        for lines in pool.map(number_damages, numbers.values()):
            yield from lines


@dataclasses.dataclass(frozen=True)
class _Folder:
    """A folder, listed once.

    Attributes:
      path: the folder's path.
      sizes: file name -> size in bytes.
    """

    path: str
    sizes: dict[str, int]

    @classmethod
    def listed(cls, path: str) -> "_Folder":
        found = beam_files.listed(path)
        if not found:
            raise manifest_lib.RecordSetError(f"no record set at {path!r}")
        return cls(
            path,
            {FileSystems.split(file)[1]: size for file, size in found.items()},
        )

    def open(self, name: str) -> BinaryIO:
        if name not in self.sizes:
            raise manifest_lib.RecordSetError(f"{name}: missing")
        return FileSystems.open(FileSystems.join(self.path, name))

    def text(self, name: str) -> str:
        with self.open(name) as file:
            # A caller that parses the text reports damaged bytes.
            return str(file.read(), errors="replace")


def _rows_of_side_files(folder: _Folder) -> list[manifest_lib.Shard]:
    """Returns a manifest's rows: those of the shards that hold records."""
    rows = []
    for name in sorted(folder.sizes):
        if name.endswith(shard_files.SIDE):
            with contextlib.suppress(*_DAMAGED):
                rows.append(_side_file(folder, name)[0])
    return [row for row in rows if row.records]


def _side_file(
    folder: _Folder, name: str
) -> tuple[manifest_lib.Shard, list[int]]:
    """Reads the row and the offsets in a shard's side file."""
    try:
        side = json.loads(folder.text(name))
        return manifest_lib.Shard(**side["row"]), side["offsets"]
    except (json.JSONDecodeError, TypeError, KeyError) as error:
        raise manifest_lib.RecordSetError(
            f"{name}: damaged: {error!r}"
        ) from error


def _expected(
    manifest: manifest_lib.Manifest | None, rows: Sequence[manifest_lib.Shard]
) -> verify_shard.Expected:
    files = {row.sha256: row.file for row in rows if row.bytes}
    if manifest is None:
        return verify_shard.Expected(files)
    rule = manifest.settings.get("split_rule")
    return verify_shard.Expected(
        files, manifest.grid, splits.SplitRule(**rule) if rule else None
    )


def _shard_damages(
    folder: _Folder,
    row: manifest_lib.Shard,
    expected: verify_shard.Expected,
    owners: dict[str, str],
    tally: Tally,
) -> list[str]:
    """Finds the damages of a shard and its side file."""
    try:
        examined = verify_shard.Examination(row, expected, owners)
    except ValueError as error:
        return [str(error)]
    try:
        with folder.open(row.file) as file:
            lines = examined.damages(file, folder.sizes[row.file])
        tally.add(images=len(examined.offsets), size=folder.sizes[row.file])
    except _DAMAGED as error:
        lines = [str(error)]
    if len(lines) > _MOST_LINES:
        more = f"{row.file}: and {len(lines) - _MOST_LINES} damages more"
        lines = [*lines[:_MOST_LINES], more]
    name = row.file.removesuffix(shard_files.RECORDS) + shard_files.SIDE
    try:
        said, offsets = _side_file(folder, name)
    except _DAMAGED as error:
        return [*lines, str(error)]
    if said != row:
        return [*lines, f"{name}: tells of another shard than the manifest"]
    if offsets != examined.offsets and not lines:
        return [f"{name}: its offsets are not those of the records"]
    return lines


def _unlisted(folder: _Folder, files: Set[str]) -> Iterator[str]:
    """Finds shards that hold records but that no manifest lists."""
    for name, size in sorted(folder.sizes.items()):
        if name.endswith(shard_files.RECORDS) and size and name not in files:
            yield f"{name}: not in the manifest"
        shard = name.removesuffix(shard_files.SIDE) + shard_files.RECORDS
        if name.endswith(shard_files.SIDE) and shard not in folder.sizes:
            # Reading a listed shard reports that it is missing.
            if shard not in files:
                yield f"{name}: its shard is missing"


def _beside_the_shards(
    folder: _Folder, manifest: manifest_lib.Manifest
) -> Iterator[str]:
    """Finds damages of the vocabulary, data card, request and rejects."""
    for check in (_vocabulary, _card, _request, _rejects):
        try:
            yield from check(folder, manifest)
        except _DAMAGED as error:
            yield str(error)


def _vocabulary(
    folder: _Folder, manifest: manifest_lib.Manifest
) -> Iterator[str]:
    name = manifest_lib.VOCABULARY_FILE
    yield from _text(folder, name, manifest.vocabulary_sha256)


def _card(folder: _Folder, manifest: manifest_lib.Manifest) -> Iterator[str]:
    if manifest.card_sha256 is not None:
        name = manifest_lib.CARD_FILE
        yield from _text(folder, name, manifest.card_sha256)


def _text(folder: _Folder, name: str, sha256: str) -> Iterator[str]:
    if hashlib.sha256(folder.text(name).encode()).hexdigest() != sha256:
        yield f"{name}: not the one in the manifest"


def _request(folder: _Folder, manifest: manifest_lib.Manifest) -> Iterator[str]:
    name = request.REQUEST_FILE
    try:
        asked = json.loads(folder.text(name))
        same = (manifest.settings, manifest.encoder) == (
            asked["settings"],
            asked["encoder"],
        )
    except (json.JSONDecodeError, TypeError, KeyError) as error:
        yield f"{name}: damaged: {error!r}"
    else:
        if not same:
            yield f"{manifest_lib.MANIFEST_FILE}: of another run than {name}"


def _rejects(folder: _Folder, manifest: manifest_lib.Manifest) -> Iterator[str]:
    found: collections.Counter[str] = collections.Counter()
    for name in sorted(folder.sizes):
        if fnmatch.fnmatchcase(name, rejects.PATTERN):
            try:
                lines = folder.text(name).splitlines()
                reasons = [json.loads(line)["reason"] for line in lines]
                found.update(filter(_is_of_image, reasons))
            except (json.JSONDecodeError, TypeError, KeyError) as error:
                yield f"{name}: damaged: {error!r}"
    for reason in sorted({*found, *manifest.rejected}):
        said = manifest.rejected.get(reason, 0)
        if found[reason] != said:
            yield (
                f"{rejects.PATTERN}: {found[reason]} rejected as {reason}, the "
                f"manifest says {said}"
            )


def _is_of_image(reason: str) -> bool:
    return rejects.unit_of(reason) == rejects.Unit.IMAGES
