"""The Beam stages, each a composite transform named by its effect.

References, never grids or pixels, cross a shuffle: they are hashed to a shard,
grouped and sorted; then one task decodes, encodes and writes its shard. That
keeps the runner's memory flat, makes shards idempotent, and makes the bytes
independent of runner, bundles and number of workers.
"""

import collections
import dataclasses
import gc
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.transforms.window import GlobalWindows

from pipeline import (
    encoding,
    lock,
    progress,
    records,
    shards,
    side_file,
    splits,
    storage,
)
from pipeline import manifest as manifest_lib
from pipeline import rejects as rejects_lib
from pipeline import vocabulary as vocabulary_lib
from pipeline.card import data_card, gallery, page, pictures
from pipeline.readers import captions as captions_lib
from pipeline.readers import membership
from pipeline.survey import appraisal

GROUPED, FACTS = "grouped", "facts"


def _count_words(
    references: list[captions_lib.Reference],
) -> Iterator[tuple[str, int]]:
    captions = [text for part in references for text in part.captions]
    words = vocabulary_lib.tokenise(tf.constant(captions)).flat_values.numpy()
    for word, count in collections.Counter(words).items():
        yield word.decode(), count


class LearnVocabulary(beam.PTransform):
    """References -> one dumped vocabulary, of the train captions."""

    def __init__(self, *, min_count: int, max_size: int):
        """Keeps words seen `min_count` times, `max_size` tokens at most."""
        super().__init__()
        self._min_count, self._max_size = min_count, max_size

    def expand(self, references: Any) -> Any:
        """Pipe of labelled stages."""
        train = references | "Train only" >> beam.Filter(
            lambda part: part.split == "train"
        )
        counts = (
            train
            | beam.BatchElements(min_batch_size=64, max_batch_size=512)
            | "Count words" >> beam.FlatMap(_count_words)
            | "Sum counts" >> beam.CombinePerKey(sum)  # (word, occurrences)
        )
        kept = (
            counts
            | beam.Filter(lambda pair, least: pair[1] >= least, self._min_count)
            | beam.combiners.Top.Of(
                max(self._max_size - len(vocabulary_lib.SPECIAL), 1),
                key=lambda pair: (-pair[1], pair[0]),
                reverse=True,
            )
        )
        total = counts | beam.Values() | beam.CombineGlobally(sum)
        number = (
            train
            | "Count captions" >> beam.Map(lambda part: len(part.captions))
            | "Sum captions" >> beam.CombineGlobally(sum)
        )
        return kept | "Make vocabulary" >> beam.Map(
            lambda pairs, captions, words: (
                vocabulary_lib.Vocabulary.from_counts(
                    dict(pairs), num_captions=captions, num_words=words
                ).dump()
            ),
            beam.pvalue.AsSingleton(number),
            beam.pvalue.AsSingleton(total),
        )


def _seen(
    reference: captions_lib.Reference, counters: progress.Counters
) -> captions_lib.Reference:
    counters.add(captions_read=len(reference.captions))
    return reference


class WriteShards(beam.PTransform):
    """References -> (manifest rows, rejects, references grouped, facts)."""

    def __init__(self, writer: shards.ShardWriter):
        """Keeps what a task needs: plain values, no model."""
        super().__init__()
        self._writer = writer

    def expand(self, references: Any) -> Any:
        """Pipe of labelled stages."""
        num_shards = self._writer.num_shards
        return (
            references
            | "Key by shard"
            >> beam.Map(
                lambda part: (
                    (part.split, splits.shard_of(part.image_id, num_shards)),
                    part,
                )
            )
            | beam.GroupByKey()  # ((split, number), [Reference])
            | "Encode and write"
            >> beam.ParDo(_WriteShard(self._writer)).with_outputs(
                rejects_lib.REJECTS, GROUPED, FACTS, main="rows"
            )
        )


class _WriteShard(beam.DoFn):
    def __init__(self, writer: shards.ShardWriter):
        self._writer = writer

    def setup(self) -> None:
        """Keeps the collector from what was imported: it is never garbage.

        Each of the collections that many captions bring would look at it.
        """
        gc.freeze()

    def start_bundle(self) -> None:
        """Begins with no shard."""
        self._begun: shards.BegunShard | None = None

    def process(
        self,
        group: tuple[tuple[str, int], Iterable[captions_lib.Reference]],
    ) -> Iterator[Any]:
        """Begins a shard, whose first batches follow the last's last ones."""
        (split, number), references = group[0], list(group[1])
        yield beam.pvalue.TaggedOutput(GROUPED, len(references))
        begun, following = (
            self._begun,
            self._writer.begin(split, number, references),
        )
        self._begun = following
        if begun:
            yield from _told(begun.finish(following.begin_batch))

    def finish_bundle(self) -> Iterator[Any]:
        """Finishes the last shard."""
        if self._begun:
            for output in _told(self._begun.finish()):
                yield _in_global_window(output)


def _told(shard: side_file.WrittenShard) -> Iterator[Any]:
    """What a finished shard tells the stages behind it."""
    split = shard.row.split
    beam.metrics.Metrics.counter("written", split).inc(shard.row.records)
    if shard.row.records:
        yield shard.row
        yield beam.pvalue.TaggedOutput(FACTS, shard.facts)
    for reject in shard.rejects:
        beam.metrics.Metrics.counter("rejected", reject.reason).inc()
        yield beam.pvalue.TaggedOutput(rejects_lib.REJECTS, reject)


def _in_global_window(output: Any) -> Any:
    """As an output of a bundle, not of an element, has to be."""
    if isinstance(output, beam.pvalue.TaggedOutput):
        value = GlobalWindows.windowed_value(output.value)
        return beam.pvalue.TaggedOutput(output.tag, value)
    return GlobalWindows.windowed_value(output)


class WriteRejects(beam.PTransform):
    """Rejects -> (reason, count); writes `rejects-*.jsonl`."""

    def __init__(self, output: str, num_shards: int):
        """Keeps where and in how many files."""
        super().__init__()
        self._output, self._num_shards = output, num_shards

    def expand(self, rejects: Any) -> Any:
        """Pipe of labelled stages."""
        output, num_shards = self._output, self._num_shards
        return (
            rejects
            | "Key rejects"
            >> beam.Map(
                lambda row: (splits.shard_of(row.image_id, num_shards), row)
            )
            | "Group rejects" >> beam.GroupByKey()  # (number, [Reject])
            | "Write rejects"
            >> beam.FlatMapTuple(
                lambda number, rows: rejects_lib.write_rejects(
                    output, number, num_shards, rows
                )
            )
            | "Count reasons" >> beam.combiners.Count.PerElement()
        )


@dataclasses.dataclass(frozen=True)
class Summary:
    """What the manifest needs that no record knows.

    Attributes:
      output: the record set's folder.
      owner: of the output, as `lock.take` names it.
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

    Everything that was written is a side input of the one task that writes
    it, so the manifest can't exist before the data.
    """

    def __init__(self, summary: Summary, written: Written):
        """Keeps what no side input carries, and the side inputs."""
        super().__init__()
        self._summary, self._written = summary, written

    def expand(self, begin: Any) -> Any:
        """Pipe of labelled stages."""
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
    """Judges the whole, then writes vocabulary, card and manifest."""
    written = sum(row.records for row in rows)
    _check_rejects(written, reasons, summary.max_reject_share)
    if not any(row.split == "train" for row in rows):
        raise manifest_lib.RecordSetError(
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
    storage.write_text(output, manifest_lib.VOCABULARY_FILE, vocabulary[0])
    storage.write_text(output, manifest_lib.CARD_FILE, card)
    storage.write_text(
        output, manifest_lib.CARD_PAGE_FILE, _page(output, card, words)
    )
    storage.write_bytes(
        output,
        manifest_lib.MANIFEST_FILE,
        lock.guard([manifest.dump().encode()], output, summary.owner),
    )
    return manifest.digest


def _page(output: str, card: str, vocabulary: vocabulary_lib.Vocabulary) -> str:
    """The card for a person, with thumbnails out of the written shards."""
    parsed = data_card.parse(card)
    shown = gallery.shown(parsed)
    found = pictures.read(output, shown, storage.BEAM)
    return page.render(parsed, vocabulary, found)


def _check_rejects(
    written: int, reasons: dict[str, int], max_reject_share: float
) -> None:
    rejected = sum(reasons.values())
    if not written + rejected:
        raise manifest_lib.RecordSetError("the data set has no images")
    share = rejected / (written + rejected)
    if share > max_reject_share:
        often = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        listed = ", ".join(f"{reason} {count}" for reason, count in often[:5])
        raise manifest_lib.RecordSetError(
            f"{rejected} of {written + rejected} images were rejected "
            f"({share:.1%}, --max_reject_share is {max_reject_share:.1%}): "
            f"{listed}; see rejects-*.jsonl, and run again with --overwrite "
            "when they are mended"
        )


class Precompute(beam.PTransform):
    """Begin -> a record set: the whole job.

    Every stage but the first is a stage above, in the order of the flow.
    """

    def __init__(
        self,
        reader: beam.PTransform,
        rule: splits.SplitRule,
        writer: shards.ShardWriter,
        summary: Summary,
        *,
        min_count: int,
        max_words: int,
    ):
        """Takes the finished parts; see each for what it is.

        Args:
          reader: such as `jsonl.ReadJsonl`.
          rule: of the splits.
          writer: of each shard.
          summary: for the manifest.
          min_count: words seen less often in train become unknown.
          max_words: most tokens in the vocabulary.
        """
        super().__init__()
        self._reader, self._rule, self._writer = reader, rule, writer
        self._summary = summary
        self._learn = LearnVocabulary(min_count=min_count, max_size=max_words)

    def expand(self, begin: Any) -> Any:
        """Pipe of labelled stages."""
        writer = self._writer
        references, unread = begin | "Read" >> self._reader
        references |= membership.AssignSplits(self._rule)
        references |= "Count captions read" >> beam.Map(_seen, writer.counters)
        rows, rejects, grouped, facts = references | WriteShards(writer)
        reasons = (
            (unread, rejects)
            | "All rejects" >> beam.Flatten()
            | WriteRejects(writer.output, writer.num_shards)
        )
        vocabulary = references | self._learn
        appraise = appraisal.Appraise(
            writer.output,
            writer.encoding.grid,
            encoding.UNSTORABLE,
            writer.num_shards,
        )
        written = Written(
            rows=rows,
            reasons=reasons,
            vocabulary=vocabulary,
            card=(facts, vocabulary, reasons) | appraise,
            read=references | "Count read" >> beam.combiners.Count.Globally(),
            grouped=grouped | "Count grouped" >> beam.CombineGlobally(sum),
        )
        return begin | WriteManifest(self._summary, written)
