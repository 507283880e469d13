"""Puts each image in one split: its own, a list's, or by hash."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from pipeline.readers.reference import Reference
from pipeline.readers.rejects import REJECTS, Reject
from pipeline.recordset import splits

_Group = tuple[str, tuple[Iterable[Reference], Iterable[str]]]


def _by_image(reference: Reference) -> tuple[str, Reference]:
    return reference.image_id, reference


def _join(group: _Group) -> Iterator[Any]:
    """Gives an image's references the one split that names it."""
    image_id, references, names = group[0], list(group[1][0]), list(group[1][1])
    if len(set(names)) > 1:
        listed = f"named by {sorted(set(names))}"
        reject = Reject(image_id, image_id, "in-two-splits", listed)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)
    elif names:
        for reference in references:
            yield dataclasses.replace(reference, split=names[0])
    else:
        beam.metrics.Metrics.counter("read", "unlisted").inc(len(references))


def _agree(group: tuple[str, Iterable[Reference]]) -> Iterator[Any]:
    image_id, references = group[0], list(group[1])
    names = {reference.split for reference in references}
    return _join((image_id, (references, names)))


class AgreeOnSplits(beam.PTransform):
    """References -> (references, rejects): no image in two splits."""

    def expand(self, references: Any) -> Any:
        """Builds the stages of this transform."""
        return (
            references
            | beam.Map(_by_image)
            | beam.GroupByKey()  # (image id, [Reference])
            | beam.FlatMap(_agree).with_outputs(REJECTS, main="agreed")
        )


class JoinSplits(beam.PTransform):
    """(References, (image id, split)) -> (references, rejects).

    An image that no list names is left out and counted as `unlisted`.
    """

    def expand(self, pair: Any) -> Any:
        """Builds the stages of this transform."""
        references, names = pair
        return (
            (references | beam.Map(_by_image), names)
            | beam.CoGroupByKey()  # (image id, ([Reference], [split]))
            | beam.FlatMap(_join).with_outputs(REJECTS, main="joined")
        )


class AssignSplits(beam.PTransform):
    """References -> references with a split; see `splits.SplitRule`."""

    def __init__(self, rule: splits.SplitRule):
        """Keeps the rule."""
        super().__init__()
        self._rule = rule

    def expand(self, references: Any) -> Any:
        """Builds the stage of this transform."""
        rule = self._rule
        return references | beam.Map(
            lambda part: dataclasses.replace(
                part, split=rule.assign(part.image_id, part.split)
            )
        )
