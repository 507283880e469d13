"""All that was written -> vocabulary, data card and manifest, in this order."""

import dataclasses
import hashlib
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from pipeline.card import data_card, suspicious_pairs
from pipeline.card.page import gallery, page, pictures
from pipeline.files import beam_files, ownership
from pipeline.job import ledger as ledger_lib
from pipeline.readers import rejects
from pipeline.readers.annotation_files import DataSetError
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import records
from pipeline.recordset import vocabulary as vocabulary_lib

_MENDED = "run again with --overwrite when they are mended"


@dataclasses.dataclass(frozen=True)
class Summary:
    """What the manifest needs besides what was written.

    Attributes:
      output: the record set's folder.
      owner: of the output, as `ownership.take` names it.
      encoder: its fingerprint.
      grid: shape and storage of every grid.
      settings: what was asked for, apart from paths and runner.
      limits: above which there is no manifest.
    """

    output: str
    owner: str
    encoder: dict[str, Any]
    grid: records.GridSpec
    settings: dict[str, Any]
    limits: ledger_lib.Limits


@dataclasses.dataclass(frozen=True)
class Written:
    """PCollections that the manifest waits for.

    Attributes:
      rows: [manifest.Shard].
      reasons: [(reason, count)] of images that were rejected.
      vocabulary: one dumped vocabulary.
      card: one dumped data card.
      suspicious: [Pair] of captions that fit other images better.
      read: [(unit, number)] of what the reader met.
      left_out: [(reason, Tally)] of what was left out.
      remarks: [Remark] of the reader.
      grouped: one count of the references that reached a shard.
    """

    rows: Any
    reasons: Any
    vocabulary: Any
    card: Any
    suspicious: Any
    read: Any
    left_out: Any
    remarks: Any
    grouped: Any


class WriteManifest(beam.PTransform):
    """Rows, reasons and vocabulary -> the manifest, last of all.

    Everything else is a side input of the one task that writes the manifest, so
    no manifest can exist before the data.
    """

    def __init__(self, summary: Summary, written: Written):
        """Keeps the summary, and what become side inputs."""
        super().__init__()
        self._summary, self._written = summary, written

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        written = self._written
        return (
            begin
            | beam.Create([self._summary])
            | "Finish"
            >> beam.Map(
                _finish,
                rows=beam.pvalue.AsList(written.rows),
                reasons=beam.pvalue.AsDict(written.reasons),
                vocabulary=beam.pvalue.AsList(written.vocabulary),
                card=beam.pvalue.AsSingleton(written.card),
                suspicious=beam.pvalue.AsList(written.suspicious),
                read=beam.pvalue.AsDict(written.read),
                left_out=beam.pvalue.AsDict(written.left_out),
                remarks=beam.pvalue.AsList(written.remarks),
                grouped=beam.pvalue.AsSingleton(written.grouped),
            )
        )


def _finish(
    summary: Summary,
    *,
    rows: list[manifest_lib.Shard],
    reasons: dict[str, int],
    vocabulary: list[str],
    card: str,
    suspicious: list[suspicious_pairs.Pair],
    read: dict[str, int],
    left_out: dict[str, ledger_lib.Tally],
    remarks: list[rejects.Remark],
    grouped: int,
) -> str:
    """Checks the whole, then writes vocabulary, card and manifest."""
    ledger = ledger_lib.Ledger(
        read=read,
        left_out=left_out,
        remarks=remarks,
        entries=grouped,
        captions=sum(row.captions for row in rows),
        images=sum(row.records for row in rows),
    )
    ledger.check()
    see = FileSystems.join(summary.output, rejects.PATTERN)
    ledger.judge(summary.limits, see, mended=_MENDED)
    if not any(row.split == "train" for row in rows):
        raise DataSetError(
            "no image fell in the train split: read "
            f"{grouped} references, wrote {ledger.images} images"
        )
    words = vocabulary_lib.Vocabulary.load(vocabulary[0])
    manifest = manifest_lib.Manifest(
        encoder=summary.encoder,
        grid=summary.grid,
        shards=tuple(sorted(rows, key=lambda row: row.file)),
        vocabulary_sha256=words.digest,
        card_sha256=hashlib.sha256(card.encode()).hexdigest(),
        rejected=reasons,
        settings=summary.settings,
    )
    output = summary.output
    beam_files.write_text(output, ledger_lib.LEDGER_FILE, ledger.dump())
    beam_files.write_text(output, manifest_lib.VOCABULARY_FILE, vocabulary[0])
    beam_files.write_text(output, manifest_lib.CARD_FILE, card)
    beam_files.write_text(
        output, manifest_lib.CARD_PAGE_FILE, _page(output, card, words)
    )
    if suspicious:
        beam_files.write_text(
            output, suspicious_pairs.FILE, suspicious_pairs.dump(suspicious)
        )
    beam_files.write_bytes(
        output,
        manifest_lib.MANIFEST_FILE,
        ownership.guard([manifest.dump().encode()], output, summary.owner),
    )
    return manifest.digest


def _page(output: str, card: str, vocabulary: vocabulary_lib.Vocabulary) -> str:
    """Renders the card for people, with thumbnails of the written shards."""
    parsed = data_card.parse(card)
    shown = gallery.shown(parsed)
    found = pictures.read(output, shown, beam_files.BEAM)
    return page.render(parsed, vocabulary, found)
