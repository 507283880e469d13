"""Encodes a sample of a data set; tells what the whole would take."""

import dataclasses
import json
import math
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline import progress_line
from pipeline.files import beam_files, ownership
from pipeline.job import add_up, write_rejects
from pipeline.job import ledger as ledger_lib
from pipeline.readers import own_splits, reference, rejects, subset
from pipeline.recordset import splits
from pipeline.shards import write_shard

_SAMPLE_FILE, _LEDGER_FILE = "sample.json", "ledger.json"
_SAMPLE_REJECTS = "rejects-of-the-sample.jsonl"
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
    reader: beam.PTransform,
    rule: splits.SplitRule,
    writer: write_shard.ShardWriter,
    limits: ledger_lib.Limits,
) -> str:
    """Reads a whole data set and encodes some images of it.

    All of it runs on this machine. What is rejected stays in a temporary
    folder, and nothing else.

    Args:
      reader: Beam transform from Begin to (references, rejects).
      rule: of the splits, of which train alone may have views.
      writer: the job's writer; nothing is written to its output.
      limits: of the job.

    Returns:
      What to print: the estimate, and what would be left out.

    Raises:
      DataSetError: the job would fail, as far as the sample tells.
    """
    kept = tempfile.mkdtemp(prefix="eyewitness-rejects-")
    see = os.path.join(kept, rejects.PATTERN)
    with tempfile.TemporaryDirectory() as folder:
        ledger, references = _read(reader, rule, writer, folder, kept)
        ledger.check()
        ledger.judge(limits, see)
        found, lost = _encode(references, writer, folder, ledger.images)
    beam_files.write_text(kept, _SAMPLE_REJECTS, rejects.dump(lost))
    expected = ledger.foresee(lost, _count(references))
    expected.judge(limits, see)
    if not any(map(rejects.is_fault, expected.left_out)):
        shutil.rmtree(kept)
    return "\n".join([str(found), *expected.lines(see)])


def _read(
    reader: beam.PTransform,
    rule: splits.SplitRule,
    writer: write_shard.ShardWriter,
    folder: str,
    kept: str,
) -> tuple[ledger_lib.Ledger, list[reference.Reference]]:
    """Returns where all that was read went, and the references of a sample."""
    size = _BATCHES * writer.encoding.batch_size
    # A cluster's workers could not write to this machine's folder.
    options = PipelineOptions(["--runner=FnApiRunner"])
    with beam.Pipeline(options=options) as pipeline:
        references, rows = pipeline | "Read" >> reader
        references |= own_splits.AssignSplits(rule)
        _ = rows | write_rejects.WriteRejects(kept, writer.num_shards)
        ledger = (references, rows) | add_up.Close()
        sample, _ = (references, rows) | "Sample" >> subset.Draw(size)
        listed = sample | beam.combiners.ToList() | beam.Map(_dumped)
        for name, text in ((_LEDGER_FILE, ledger), (_SAMPLE_FILE, listed)):
            _ = text | f"Write {name}" >> beam.Map(_write, folder, name)
    texts = [
        beam_files.read_bytes(os.path.join(folder, name)).decode()
        for name in (_LEDGER_FILE, _SAMPLE_FILE)
    ]
    return ledger_lib.Ledger.load(texts[0]), [
        reference.Reference(**row | {"captions": tuple(row["captions"])})
        for row in json.loads(texts[1])
    ]


def _write(text: str, folder: str, name: str) -> None:
    beam_files.write_text(folder, name, text)


def _encode(
    references: Sequence[reference.Reference],
    writer: write_shard.ShardWriter,
    folder: str,
    total: int,
) -> tuple[Rehearsal, list[rejects.Reject]]:
    """Encodes the sample; returns what it took, and its rejects."""
    local = dataclasses.replace(
        writer, output=folder, owner=ownership.take(folder), num_shards=1
    )
    # Not timed: loads the encoder and traces it for both batch sizes.
    first, rest = _parted(references, writer.encoding.batch_size + 1)
    warm = local.write("first", 0, first)
    began = time.monotonic()
    timed = local.write("sample", 0, rest or first)
    seconds = time.monotonic() - began
    lost = [*(warm.rejects if rest else ()), *timed.rejects]
    found = Rehearsal(
        total=total,
        images=timed.row.records + len(timed.rejects),
        rejects=len(timed.rejects),
        seconds=seconds,
        bytes=timed.row.bytes,
        memory=_resident(),
    )
    return found, lost


def _count(references: Sequence[reference.Reference]) -> int:
    """Returns how many images references have."""
    return len({part.image_id for part in references})


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
