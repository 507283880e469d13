"""Images and captions -> a record set: the whole Beam job."""

from typing import Any

import apache_beam as beam

from pipeline.job import add_up, write_manifest, write_rejects, write_shards
from pipeline.job import vocabulary as vocabulary_lib
from pipeline.job.card import list_suspicious, make_card
from pipeline.readers import own_splits
from pipeline.readers import reference as reference_lib
from pipeline.recordset import splits
from pipeline.shards import counters as counters_lib
from pipeline.shards import encode, write_shard


def _seen(
    reference: reference_lib.Reference, counters: counters_lib.Counters
) -> reference_lib.Reference:
    counters.add(captions_read=len(reference.captions))
    return reference


class Precompute(beam.PTransform):
    """Begin -> a record set: a reader, then the stages above in their order."""

    def __init__(
        self,
        reader: beam.PTransform,
        rule: splits.SplitRule,
        writer: write_shard.ShardWriter,
        summary: write_manifest.Summary,
        *,
        min_count: int,
        max_words: int,
    ):
        """Keeps the parts of the job.

        Args:
          reader: such as `jsonl.ReadJsonl`.
          rule: of the splits.
          writer: of each shard.
          summary: for the manifest.
          min_count: words that train has less often become unknown.
          max_words: most tokens in the vocabulary.
        """
        super().__init__()
        self._reader, self._rule, self._writer = reader, rule, writer
        self._summary = summary
        self._learn = vocabulary_lib.LearnVocabulary(
            min_count=min_count, max_size=max_words
        )

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        writer = self._writer
        references, unread = begin | "Read" >> self._reader
        references |= own_splits.AssignSplits(self._rule)
        references |= "Count captions read" >> beam.Map(_seen, writer.counters)
        rows, rejects, grouped, facts = references | write_shards.WriteShards(
            writer
        )
        every = (unread, rejects) | "All rejects" >> beam.Flatten()
        reasons = every | write_rejects.WriteRejects(
            writer.output, writer.num_shards
        )
        read, left_out, remarks = every | add_up.AddUp()
        vocabulary = references | self._learn
        appraise = make_card.Appraise(
            writer.output,
            writer.encoding.grid,
            encode.UNSTORABLE,
            writer.num_shards,
        )
        card = (facts, vocabulary, reasons) | appraise
        suspicious = (facts, card) | list_suspicious.ListSuspicious(
            writer.output, writer.encoding.grid
        )
        written = write_manifest.Written(
            rows=rows,
            reasons=reasons,
            vocabulary=vocabulary,
            card=card,
            suspicious=suspicious,
            read=read,
            left_out=left_out,
            remarks=remarks,
            grouped=grouped | "Count grouped" >> beam.CombineGlobally(sum),
        )
        return begin | write_manifest.WriteManifest(self._summary, written)
