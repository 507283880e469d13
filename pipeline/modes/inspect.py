"""Shows what a record set holds: facts, and a few records."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from apache_beam.io.filesystems import FileSystems

from pipeline.files import beam_files
from pipeline.printable import printable
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records, tfrecord
from pipeline.recordset import vocabulary as vocabulary_lib

_MOST_WORDS = 12


@dataclasses.dataclass(frozen=True)
class Sampled:
    """One record of the sample.

    Attributes:
      split: the record's split.
      image: the record.
      mean: mean of its grid's values.
      deviation: standard deviation of its grid's values.
    """

    split: str
    image: records.CaptionedImage
    mean: float
    deviation: float

    @property
    def title(self) -> str:
        """The record's id and source, thumbnail and grid, names of views."""
        image = self.image
        place = "" if image.source == image.image_id else f" ({image.source})"
        views = "".join(f", {name}" for name in image.views)
        return (
            f"{image.image_id}{place}, thumbnail "
            f"{len(image.thumbnail) / 1e3:.1f} kB, grid {self.mean:.3f} +- "
            f"{self.deviation:.3f}{views}"
        )


@dataclasses.dataclass(frozen=True)
class Inspection:
    """Facts of a record set, and a sample of its records.

    Attributes:
      facts: (label, text) of each fact.
      samples: sampled records, split by split.
    """

    facts: tuple[tuple[str, str], ...]
    samples: tuple[Sampled, ...]

    def __str__(self) -> str:
        """Formats the facts in two columns, then the records by split."""
        width = max(len(label) for label, _ in self.facts) + 2
        lines = [f"{label:<{width}}{text}" for label, text in self.facts]
        split = None
        for sampled in self.samples:
            if sampled.split != split:
                split = sampled.split
                lines += ["", split]
            lines.append(f"  {printable(sampled.title)}")
            lines += [
                f"    {printable(text)}" for text in sampled.image.captions
            ]
        return "\n".join(lines)


def inspect(path: str, *, split: str, samples: int) -> Inspection:
    """Opens a record set and reads some of its records.

    Args:
      path: the record set's folder.
      split: the split to sample; '' for all of them.
      samples: number of records of each split. They are taken at equal
        distances, which is a fair sample because records are ordered by hash.

    Raises:
      RecordSetError: there is no record set or no such split, or the record set
        is damaged.
    """
    record_set = record_set_lib.open_record_set(path, beam_files.BEAM)
    manifest = record_set.manifest
    if split:
        record_set.require(split, "--split")
    chosen = (split,) if split else manifest.splits
    return Inspection(
        tuple(_facts(record_set)),
        tuple(
            Sampled(name, image, *_statistics(image, manifest.grid))
            for name in chosen
            for image in _sample(path, manifest.shards_of(name), samples)
        ),
    )


def _statistics(
    image: records.CaptionedImage, spec: records.GridSpec
) -> tuple[float, float]:
    grid = spec.from_bytes(image.grid)
    return float(np.mean(grid)), float(np.std(grid))


def _sample(
    path: str, rows: Sequence[manifest_lib.Shard], samples: int
) -> Iterator[records.CaptionedImage]:
    total = sum(row.records for row in rows)
    count, before = min(samples, total), 0
    places = [at * total // count for at in range(count)]
    for row in rows:
        file = FileSystems.join(path, row.file)
        with beam_files.open_file(file) as stream:
            offsets = list(tfrecord.walk(stream, row.bytes, file))
            for place in places:
                if before <= place < before + row.records:
                    stream.seek(offsets[place - before])
                    data = tfrecord.read_next(stream)
                    yield records.CaptionedImage.from_bytes(data)
        before += row.records


def _facts(record_set: record_set_lib.RecordSet) -> Iterator[tuple[str, str]]:
    manifest, vocabulary = record_set.manifest, record_set.vocabulary
    yield "record set", record_set.path
    for split in manifest.splits:
        rows = manifest.shards_of(split)
        yield (
            split,
            (
                f"{manifest.num_images(split)} images, "
                f"{sum(row.captions for row in rows)} captions, "
                f"{sum(row.bytes for row in rows) / 1e6:.1f} MB in "
                f"{len(rows)} shards"
            ),
        )
    yield "rejected", _listed(manifest.rejected) or "nothing"
    words = vocabulary.words[len(vocabulary_lib.SPECIAL) :][:_MOST_WORDS]
    yield "vocabulary", f"{len(vocabulary)} tokens: {', '.join(words)}, ..."
    grid = manifest.grid
    yield "grids", f"{grid.locations} x {grid.depth} of {grid.dtype}"
    yield "encoder", _listed(manifest.encoder)
    yield "settings", _listed(manifest.settings)
    yield "digest", manifest.digest


def _listed(values: Mapping[str, Any]) -> str:
    """Formats names and values, those of inner mappings too."""
    return ", ".join(
        f"{name} ({_listed(value)})"
        if isinstance(value, Mapping)
        else f"{name} {value}"
        for name, value in sorted(values.items())
    )
