"""Counts, sums and sample -> the data card."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apache_beam as beam

from pipeline.card import baselines, checks, word_models, wrong_pairs
from pipeline.card.data_card import DataCard, Example
from pipeline.card.facts import Facts, Histogram, SplitFacts
from pipeline.card.feature_sums import FeatureSums
from pipeline.card.repetition import judge_repeats
from pipeline.card.shard_statistics import Ref
from pipeline.job.card import count_captions, draw_sample, find_duplicates
from pipeline.job.card.split_counts import SplitCounts
from pipeline.recordset import records
from pipeline.recordset import vocabulary as vocabulary_lib

Stored = Mapping[tuple[str, int], draw_sample.Stored]


class Appraise(beam.PTransform):
    """(ShardFacts, vocabulary, (reason, count)) -> one dumped data card."""

    def __init__(
        self,
        output: str,
        grid: records.GridSpec,
        unstorable: str,
        num_shards: int,
    ):
        """Keeps what the stages need besides their inputs.

        Args:
          output: folder of the shards.
          grid: how their grids are stored.
          unstorable: the reason for which grids with NaN were rejected.
          num_shards: of a split; counts are merged in as many parts.
        """
        super().__init__()
        self._output, self._grid = output, grid
        self._unstorable, self._num_shards = unstorable, num_shards

    def expand(self, inputs: Any) -> Any:
        """Builds the stages of this transform."""
        facts, vocabulary, reasons = inputs
        one = beam.pvalue.AsSingleton(vocabulary)
        captions, frequent = (
            facts,
            vocabulary,
        ) | "Count" >> count_captions.CountCaptions(self._num_shards)
        alike, crowded, examples = (
            facts | "Find alike" >> find_duplicates.FindAlike(self._num_shards)
        )
        counts = (
            (captions, alike)
            | "All counts" >> beam.Flatten()
            | "Sum counts" >> beam.CombinePerKey(SplitCounts.merge)
        )
        sums = (
            facts
            | "Sums" >> beam.Map(lambda shard: shard.sums)
            | "Sum grids" >> beam.CombineGlobally(FeatureSums.merge)
        )
        plan = (
            facts
            | "Draw" >> draw_sample.Draw()
            | "Plan"
            >> beam.Map(draw_sample.Plan.of, beam.pvalue.AsDict(examples))
        )
        stored = plan | draw_sample.ReadBack(self._output, self._grid)
        return plan | "Appraise" >> beam.Map(
            _appraised,
            stored=beam.pvalue.AsDict(stored),
            counts=beam.pvalue.AsDict(counts),
            crowded=beam.pvalue.AsSingleton(crowded),
            frequent=beam.pvalue.AsDict(frequent),
            sums=beam.pvalue.AsSingleton(sums),
            vocabulary=one,
            reasons=beam.pvalue.AsDict(reasons),
            unstorable=self._unstorable,
        )


def _appraised(
    plan: draw_sample.Plan,
    *,
    stored: Stored,
    counts: Mapping[str, SplitCounts],
    crowded: int,
    frequent: Mapping[str, Sequence[tuple[int, str]]],
    sums: FeatureSums,
    vocabulary: str,
    reasons: Mapping[str, int],
    unstorable: str,
) -> str:
    known = vocabulary_lib.Vocabulary.load(vocabulary)
    facts = Facts(
        splits={
            split: _split(split, counts[split], frequent.get(split, ()))
            for split in sorted(counts)
        },
        vocabulary_size=len(known),
        rejected=dict(sorted(reasons.items())),
        features=sums.facts(non_finite=reasons.get(unstorable, 0)),
        ladder=word_models.climb(
            plan.split,
            [captions for _, captions in plan.counted],
            [captions for _, captions in plan.measured],
            known,
        ),
        floors=baselines.measure(
            plan.split,
            _described(plan.scored, stored),
            _described(plan.lent, stored),
        ),
        crowded_hashes=crowded,
        pairs=wrong_pairs.measure(_described(plan.lent, stored)),
    )
    examples = {
        topic: tuple(_examples(group, stored) for group in groups if group)
        for topic, groups in plan.shown.items()
    }
    shown = {topic: groups for topic, groups in examples.items() if groups}
    return DataCard(facts, checks.judge(facts), shown).dump()


def _split(
    split: str, counts: SplitCounts, frequent: Sequence[tuple[int, str]]
) -> SplitFacts:
    return SplitFacts(
        images=counts.images,
        captions=counts.caption_lengths.total(),
        words=counts.words,
        types=counts.types,
        known_types=counts.known_types,
        unknown_words=counts.unknown_words,
        captions_per_image=_histogram(counts.captions_per_image),
        caption_lengths=_histogram(counts.caption_lengths),
        repeats=judge_repeats(
            counts.times,
            distinct_exact=counts.spellings,
            shared=counts.shared,
            repeated_within=counts.repeated_within,
            frequent=frequent,
        ),
        blank_images=counts.blank_images,
        repeated_images=counts.repeated_images,
        leaked_images=None if split == "train" else counts.leaked_images,
    )


def _histogram(counts: Mapping[int, int]) -> Histogram:
    return tuple(sorted(counts.items()))


def _described(
    drawn: Iterable[draw_sample.Drawn], stored: Stored
) -> list[baselines.Described]:
    return [
        baselines.Described(captions, stored[file, offset].pooled)
        for (_, _, file, offset), captions in drawn
    ]


def _examples(group: Iterable[Ref], stored: Stored) -> tuple[Example, ...]:
    return tuple(
        Example(*ref, captions=stored[ref[2:]].captions) for ref in group
    )
