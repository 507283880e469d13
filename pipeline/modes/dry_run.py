"""Encodes a sample of a data set; tells what the whole would take."""

import dataclasses
import json
import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline import progress_line
from pipeline.files import beam_files, ownership
from pipeline.readers import reference, subset
from pipeline.readers.annotation_files import DataSetError
from pipeline.shards import write_shard

_SAMPLE_FILE = "sample.json"
_BATCHES = 10
_HOURS = (1, 4, 24)


@dataclasses.dataclass(frozen=True)
class Rehearsal:
    """What it took to encode a sample.

    Attributes:
      total: number of images of the data set.
      images: number of images of the sample that were encoded or rejected.
      rejects: number of these that were rejected.
      seconds: time from decoding the first image to writing the last.
      bytes: size of the shard that was written.
      memory: the most bytes that the process had resident.
    """

    total: int
    images: int
    rejects: int
    seconds: float
    bytes: int
    memory: int

    def __str__(self) -> str:
        """Formats the estimate in two lines."""
        rate = self.images / self.seconds
        whole = self.total / rate
        size = self.total * self.bytes / self.images
        workers = ", ".join(
            f"{math.ceil(whole / 3600 / hours)} for {hours} h"
            for hours in _HOURS
        )
        return (
            f"sample: {self.images} of {self.total} images, {self.rejects} "
            f"rejected, {rate:.1f} images/s and {self.memory / 1e6:.0f} MB of "
            f"memory in one worker of {os.cpu_count()} cores\n"
            f"whole: {progress_line.duration(whole)} in one worker, "
            f"{size / 1e9:.2f} GB; workers needed: {workers}"
        )


def rehearse(
    reader: beam.PTransform, writer: write_shard.ShardWriter
) -> Rehearsal:
    """Reads a whole data set and encodes some images of it.

    All of it runs on this machine, in a temporary folder.

    Args:
      reader: Beam transform from Begin to (references, rejects).
      writer: the job's writer; nothing is written to its output.

    Raises:
      DataSetError: the data set has no image to encode.
    """
    size = _BATCHES * writer.encoding.batch_size
    with tempfile.TemporaryDirectory() as folder:
        total, references = _sample(reader, size, folder)
        local = dataclasses.replace(
            writer, output=folder, owner=ownership.take(folder), num_shards=1
        )
        # Not timed: loads the encoder and traces it for both batch sizes.
        first, rest = _parted(references, writer.encoding.batch_size + 1)
        local.write("first", 0, first)
        began = time.monotonic()
        written = local.write("sample", 0, rest or first)
        seconds = time.monotonic() - began
    rejects = len(written.rejects)
    return Rehearsal(
        total=total,
        images=written.row.records + rejects,
        rejects=rejects,
        seconds=seconds,
        bytes=written.row.bytes,
        memory=_resident(),
    )


def _sample(
    reader: beam.PTransform, size: int, folder: str
) -> tuple[int, list[reference.Reference]]:
    """Returns the number of images read, and the references of some."""
    # A cluster's workers could not write to this machine's folder.
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
    references, _ = pipeline | subset.ReadSome(reader, size)
    _ = (
        references
        | beam.combiners.ToList()
        | beam.Map(_dumped)
        | beam.Map(
            lambda text: beam_files.write_text(folder, _SAMPLE_FILE, text)
        )
    )
    result: Any = pipeline.run()
    result.wait_until_finish()
    named = MetricsFilter().with_namespace(subset.NAMESPACE)
    counters = result.metrics().query(named)["counters"]
    if not counters:
        raise DataSetError("the data set has no images")
    rows = json.loads(beam_files.read_bytes(os.path.join(folder, _SAMPLE_FILE)))
    # With --limit there are two counts: of all images, and of those it took.
    return min(counter.committed for counter in counters), [
        reference.Reference(**row | {"captions": tuple(row["captions"])})
        for row in rows
    ]


def _dumped(references: Sequence[reference.Reference]) -> str:
    return json.dumps([dataclasses.asdict(part) for part in references])


def _parted(
    references: Sequence[reference.Reference], size: int
) -> list[list[reference.Reference]]:
    """Splits references into those of the first `size` images, and the rest."""
    ids = sorted({part.image_id for part in references})
    first = set(ids[:size])
    return [
        [part for part in references if (part.image_id in first) == wanted]
        for wanted in (True, False)
    ]


def _resident() -> int:
    """Returns the most bytes that this process had resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
