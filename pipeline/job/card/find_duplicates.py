"""Near-duplicates, found by comparing the few looks that share a key."""

import collections
import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from pipeline.card import near_duplicates
from pipeline.card.near_duplicates import Holders
from pipeline.card.shard_statistics import Ref, ShardFacts
from pipeline.images.perceptual_hash import Look
from pipeline.job.card import keyed_merge
from pipeline.job.card.split_counts import SplitCounts

_EXAMPLES = "examples"
_SHOWN = 8

_Entry = tuple[str, Holders]


class FindAlike(beam.PTransform):
    """ShardFacts -> (counts, crowded, examples).

    Counts are (split, SplitCounts), several for each split, to be added up.
    Crowded is one number: the keys of which some looks were not compared.
    Examples are (topic, [group]), each group a tuple of `Ref`.
    """

    def __init__(self, num_buckets: int):
        """Keeps the number of parts in which looks are merged."""
        super().__init__()
        self._num_buckets = num_buckets

    def expand(self, facts: Any) -> Any:
        """Builds the stages of this transform."""
        count = self._num_buckets
        looks = (
            facts
            | "Group by look" >> beam.FlatMap(_looks, count)
            | "Merge looks" >> keyed_merge.Merge(near_duplicates.merge)
        )
        crowds = (
            looks
            | "Key looks"
            >> beam.FlatMapTuple(lambda _, table: _keyed(table, count))
            | "Crowds" >> keyed_merge.Merge(_crowd)
        )
        near = crowds | "Compare" >> beam.FlatMapTuple(
            lambda _, table: _compared(table, count)
        )
        counts, alike = (
            {"own": looks, "near": near}
            | beam.CoGroupByKey()
            | "Judge looks"
            >> beam.FlatMapTuple(_judged).with_outputs(_EXAMPLES, main="counts")
        )
        crowded = (
            crowds
            | "Count crowds" >> beam.MapTuple(_count_crowds)
            | "Sum crowds" >> beam.CombineGlobally(sum)
        )
        blank = facts | "Find blanks" >> beam.FlatMap(_blanks)
        examples = (
            (alike, blank)
            | "All examples" >> beam.Flatten()
            | beam.combiners.Top.PerKey(_SHOWN, reverse=True)
        )
        return counts, crowded, examples


def _looks(shard: ShardFacts, count: int) -> Iterator[tuple[int, Any]]:
    found = near_duplicates.by_look(shard.images)
    own = {str(look): holders for look, holders in found.items()}
    return keyed_merge.scatter(own, count)


def _keyed(
    looks: Mapping[str, Holders], count: int
) -> Iterator[tuple[int, Any]]:
    """Groups the looks of a bucket by the keys that near looks share."""
    groups: dict[Any, list[_Entry]] = collections.defaultdict(list)
    for entry in looks.items():
        for key in Look.parse(entry[0]).keys():
            groups[key].append(entry)
    crowds = {key: _crowd([group]) for key, group in groups.items()}
    return keyed_merge.scatter(crowds, count)


def _crowd(several: Iterable[Sequence[_Entry]]) -> list[_Entry]:
    """The first looks of one key."""
    # One look more than is compared shows that there were more.
    every = sorted(itertools.chain.from_iterable(several))
    return every[: near_duplicates.CROWD + 1]


def _count_crowds(_: int, crowds: Mapping[Any, Sequence[_Entry]]) -> int:
    """Counts the keys of which some looks were left out."""
    return sum(len(each) > near_duplicates.CROWD for each in crowds.values())


def _compared(
    crowds: Mapping[Any, Sequence[_Entry]], count: int
) -> Iterator[tuple[int, Any]]:
    """Finds the looks near each; one that two keys find counts once."""
    near: dict[str, dict[str, Holders]] = collections.defaultdict(dict)
    for crowd in crowds.values():
        few = crowd[: near_duplicates.CROWD]
        if len(few) < 2:  # Nearly always.
            continue
        looks = {text: Look.parse(text) for text, _ in few}
        for (one, _), (other, holders) in itertools.permutations(few, 2):
            if looks[one].near(looks[other]):
                near[one][other] = holders
    return keyed_merge.scatter(near, count)


def _judged(_: int, group: dict[str, Any]) -> Iterator[Any]:
    repeated, leaked = collections.Counter[str](), collections.Counter[str]()
    examples = collections.defaultdict(list)
    (looks,) = group["own"]
    near: dict[str, dict[str, Holders]] = collections.defaultdict(dict)
    for table in group["near"]:
        for look, others in table.items():
            near[look].update(others)
    for look, own in looks.items():
        alike = near_duplicates.judge_look(own, near[look].values())
        repeated.update(alike.repeated)
        leaked.update(alike.leaked)
        for topic, pair in alike.groups.items():
            examples[topic].append(pair)
    for split in repeated | leaked:
        yield (
            split,
            SplitCounts(
                repeated_images=repeated[split], leaked_images=leaked[split]
            ),
        )
    for topic, pairs in examples.items():
        for pair in heapq.nsmallest(_SHOWN, pairs):
            yield beam.pvalue.TaggedOutput(_EXAMPLES, (topic, pair))


def _blanks(shard: ShardFacts) -> Iterator[tuple[str, tuple[Ref, ...]]]:
    blank = [image.ref for image in shard.images if image.look.blank]
    for ref in heapq.nsmallest(_SHOWN, blank):
        yield "blank", (ref,)
