"""Looks compared where they share a key: near-duplicates, without a hot key."""

import heapq
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from pipeline.card import duplicates
from pipeline.card.duplicates import Holders
from pipeline.card.look import Look
from pipeline.card.shard_facts import Ref, ShardFacts

_EXAMPLES = "examples"
_SHOWN = 8

_Entry = tuple[str, Holders]


class FindAlike(beam.PTransform):
    """ShardFacts -> (tallies, examples).

    Tallies are (Key, count), not yet added up; examples are (topic, [group]),
    each group a tuple of `Ref`.
    """

    def expand(self, facts: Any) -> Any:
        """Pipe of labelled stages."""
        looks = (
            facts
            | "Group by look" >> beam.FlatMap(_looks)
            | "Merge looks" >> beam.CombinePerKey(duplicates.merge)
        )
        crowds = (
            looks
            | "Key looks" >> beam.FlatMapTuple(_keyed)
            | "Crowds" >> beam.CombinePerKey(_Crowd())
        )
        near = crowds | "Compare" >> beam.FlatMapTuple(_compared)
        tallies, alike = (
            {"own": looks, "near": near}
            | beam.CoGroupByKey()
            | "Judge looks"
            >> beam.FlatMapTuple(_judged).with_outputs(
                _EXAMPLES, main="tallies"
            )
        )
        crowded = crowds | "Count crowds" >> beam.FlatMapTuple(
            lambda _, crowd: [(("", "crowded", 0), 1)] if crowd[0] else []
        )
        blank = facts | "Find blanks" >> beam.FlatMap(_blanks)
        examples = (
            (alike, blank)
            | "All examples" >> beam.Flatten()
            | beam.combiners.Top.PerKey(_SHOWN, reverse=True)
        )
        return (tallies, crowded) | "All likeness" >> beam.Flatten(), examples


def _looks(shard: ShardFacts) -> Iterator[_Entry]:
    for look, holders in duplicates.by_look(shard.images).items():
        yield str(look), holders


def _keyed(text: str, holders: Holders) -> Iterator[tuple[Any, _Entry]]:
    for key in Look.parse(text).keys():
        yield key, (text, holders)


class _Crowd(beam.CombineFn):
    """Looks of one key -> (whether some were left out, the first of them)."""

    def create_accumulator(self) -> list[_Entry]:
        return []

    def add_input(self, crowd: list[_Entry], entry: _Entry) -> list[_Entry]:
        return self._first([*crowd, entry])

    def merge_accumulators(self, crowds: Any) -> list[_Entry]:
        return self._first([entry for crowd in crowds for entry in crowd])

    def extract_output(self, crowd: list[_Entry]) -> tuple[bool, list[_Entry]]:
        more = len(crowd) > duplicates.CROWD
        return more, crowd[: duplicates.CROWD]

    def _first(self, crowd: list[_Entry]) -> list[_Entry]:
        # One more than are compared tells that there were more.
        if len(crowd) <= 1:
            return crowd
        return heapq.nsmallest(duplicates.CROWD + 1, crowd, key=lambda e: e[0])


def _compared(
    _: Any, crowd: tuple[bool, list[_Entry]]
) -> Iterator[tuple[str, _Entry]]:
    looks = {text: Look.parse(text) for text, _ in crowd[1]}
    for one, _ in crowd[1]:
        for other, holders in crowd[1]:
            if one != other and looks[one].near(looks[other]):
                yield one, (other, holders)


def _judged(_: str, group: dict[str, Any]) -> Iterator[Any]:
    (own,) = group["own"]
    # Two looks can share more than one key.
    near = dict(group["near"])
    alike = duplicates.judge_look(own, near.values())
    for topic in ("repeated", "leaked"):
        for split, count in getattr(alike, topic).items():
            yield (split, topic, 0), count
    for topic, pair in alike.groups.items():
        yield beam.pvalue.TaggedOutput(_EXAMPLES, (topic, pair))


def _blanks(shard: ShardFacts) -> Iterator[tuple[str, tuple[Ref, ...]]]:
    blank = [image.ref for image in shard.images if image.look.blank]
    for ref in heapq.nsmallest(_SHOWN, blank):
        yield "blank", (ref,)
