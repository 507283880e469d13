"""All that was written -> vocabulary, data card and manifest, in this order."""

import dataclasses
import hashlib
from typing import Any

import apache_beam as beam

from pipeline.card import data_card
from pipeline.card.page import gallery, page, pictures
from pipeline.files import beam_files, ownership
from pipeline.readers.annotation_files import DataSetError
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import records
from pipeline.recordset import vocabulary as vocabulary_lib


@dataclasses.dataclass(frozen=True)
class Summary:
    """What the manifest needs besides what was written.

    Attributes:
      output: the record set's folder.
      owner: of the output, as `ownership.take` names it.
      encoder: its fingerprint.
      grid: shape and storage of every grid.
      settings: what was asked for, apart from paths and runner.
      max_reject_share: above which there is no manifest.
    """

    output: str
    owner: str
    encoder: dict[str, Any]
    grid: records.GridSpec
    settings: dict[str, Any]
    max_reject_share: float


@dataclasses.dataclass(frozen=True)
class Written:
    """PCollections that the manifest waits for.

    Attributes:
      rows: [manifest.Shard].
      reasons: [(reason, count)] of what was rejected.
      vocabulary: one dumped vocabulary.
      card: one dumped data card.
      read: one count of references.
      grouped: one count of the references that reached a shard.
    """

    rows: Any
    reasons: Any
    vocabulary: Any
    card: Any
    read: Any
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
                read=beam.pvalue.AsSingleton(written.read),
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
    read: int,
    grouped: int,
) -> str:
    """Checks the whole, then writes vocabulary, card and manifest."""
    written = sum(row.records for row in rows)
    _check_rejects(written, reasons, summary.max_reject_share)
    if not any(row.split == "train" for row in rows):
        raise DataSetError(
            "no image fell in the train split: read "
            f"{read} references, wrote {written} images"
        )
    if read != grouped:
        raise manifest_lib.RecordSetError(
            f"references were lost: {read} read, {grouped} accounted for"
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
    beam_files.write_text(output, manifest_lib.VOCABULARY_FILE, vocabulary[0])
    beam_files.write_text(output, manifest_lib.CARD_FILE, card)
    beam_files.write_text(
        output, manifest_lib.CARD_PAGE_FILE, _page(output, card, words)
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


def _check_rejects(
    written: int, reasons: dict[str, int], max_reject_share: float
) -> None:
    rejected = sum(reasons.values())
    if not written + rejected:
        raise DataSetError("the data set has no images")
    share = rejected / (written + rejected)
    if share > max_reject_share:
        often = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        listed = ", ".join(f"{reason} {count}" for reason, count in often[:5])
        raise DataSetError(
            f"{rejected} of {written + rejected} images were rejected "
            f"({share:.1%}, --max_reject_share is {max_reject_share:.1%}): "
            f"{listed}; see rejects-*.jsonl, and run again with --overwrite "
            "when they are mended"
        )
