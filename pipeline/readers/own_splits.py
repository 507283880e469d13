"""Puts each image in one split: its own, or one by its hash."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import image_ids, rejects, split_names
from pipeline.readers.annotation_files import DataSetError
from pipeline.readers.reference import Reference, left_out
from pipeline.readers.rejects import REJECTS, Remark
from pipeline.readers.tallies import Tally, TallyNames
from pipeline.recordset import splits

_SHARED = "shared"
# Each split has files of its own. More are a column of something else.
_MOST_SPLITS = 50


def _by_image(reference: Reference) -> tuple[str, Reference]:
    return reference.image_id, reference


def in_two_splits(parts: Sequence[Reference], names: Iterable[str]) -> Any:
    """The reject of an image that is given several splits."""
    detail = f"named by {sorted(set(names))}"
    reject = left_out(parts, "in-two-splits", detail)
    return beam.pvalue.TaggedOutput(REJECTS, reject)


def _agree(
    group: tuple[str, Iterable[Reference]], whole: bool
) -> Iterator[Any]:
    images = list(image_ids.part(group[1]))
    if len(images) > 1:
        one, other = images[0][0].source, images[1][0].source
        shared = f"{group[0]} of {one} and {other}"
        yield beam.pvalue.TaggedOutput(_SHARED, shared)
    for references in images:
        names = {split_names.canonical(part.split) for part in references}
        if len(names) > 1:
            yield in_two_splits(references, names)
        elif whole:
            yield from _merged(references)
        else:
            yield from references


def _merged(references: list[Reference]) -> Iterator[Any]:
    """An image's entries as one, and what they say twice."""
    one = image_ids.merge_captions(references)
    captions = sum(len(part.captions) for part in references)
    twice = (
        {"entries": len(references) - 1},
        {"captions": captions - len(one.captions)},
    )
    for counts in twice:
        if any(counts.values()):
            again = rejects.again(one.image_id, one.source, **counts)
            yield beam.pvalue.TaggedOutput(REJECTS, again)
    yield one


def _on_shared(ids: Tally) -> Iterator[Remark]:
    if ids.count:
        yield Remark(
            f"ids: {ids.count} stand for several images each, such as "
            f"{ids.first}: these images go by their paths instead"
        )


class AgreeOnSplits(beam.PTransform):
    """References -> (references, rejects): an id an image, a split an id."""

    def __init__(self, *, whole: bool = False):
        """Keeps what a reference stands for.

        Args:
          whole: a reference has all that its file says of an image, so that
            those of several files are merged and equal captions count once.
        """
        super().__init__()
        self._whole = whole

    def expand(self, references: Any) -> Any:
        """Builds the stages of this transform."""
        agree = beam.FlatMap(_agree, self._whole)
        agreed, conflicts, shared = (
            references
            | beam.Map(_by_image)
            | beam.GroupByKey()  # (image id, [Reference])
            | "Agree" >> agree.with_outputs(REJECTS, _SHARED, main="agreed")
        )
        remarks = shared | TallyNames() | "Tell ids" >> beam.FlatMap(_on_shared)
        return agreed, (conflicts, remarks) | "And of ids" >> beam.Flatten()


def _settle(
    counts: Sequence[tuple[str, int]], kept: frozenset[str], whole: bool
) -> tuple[dict[str, str], list[Remark]]:
    """Names of splits in the data, with captions of each -> usual names.

    Returns:
      Each name's usual one, and what to say of them.

    Raises:
      DataSetError: there are too many, or none is train; or some images have
        none, and the data set should be `whole`.
    """
    if len(counts) > _MOST_SPLITS:
        raise DataSetError(
            f"the data set has more than {_MOST_SPLITS} splits, such as "
            f"{counts[0][0]!r}: is --split_column the column of splits?"
        )
    names = {
        name: name if name in kept else split_names.canonical(name)
        for name, _ in counts
    }
    held: dict[str, list[str]] = {}
    for name, captions in sorted(counts):
        own = f"{captions} captions" + (f" of {name}" if name else "")
        held.setdefault(names[name], []).append(own)
    told = {split: ", ".join(own) for split, own in held.items()}
    if whole or "" not in told:
        split_names.check(told)
    if names == {"": ""}:
        said = "the data has none, so each image's id decides"
    elif "" in told or any(name != split for name, split in names.items()):
        said = split_names.listed(told)
    else:
        return names, []
    return names, [Remark(f"splits: {said}")]


class SettleSplits(beam.PTransform):
    """Begin -> (references, rejects) of a reader, with splits of usual names.

    What a data set calls its splits becomes what they are called here, with a
    remark where the names differ. Nothing is encoded before.
    """

    def __init__(
        self,
        reader: beam.PTransform,
        *,
        kept: Iterable[str] = (),
        whole: bool = False,
    ):
        """Keeps a reader, and what it may give.

        Args:
          reader: begin -> (references, rejects).
          kept: names of splits that stay as they are.
          whole: no image may be without a split where another has one.
        """
        super().__init__()
        self._reader, self._kept = reader, frozenset(kept)
        self._whole = whole

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        references, unread = begin | "Read own splits" >> self._reader
        settled = (
            references
            | "Captions"
            >> beam.Map(lambda part: (part.split, len(part.captions)))
            | "Add up splits" >> beam.CombinePerKey(sum)
            | "Most"
            >> beam.combiners.Top.Of(_MOST_SPLITS + 1, key=lambda row: row[1])
            | "Settle" >> beam.Map(_settle, self._kept, self._whole)
        )
        named = references | "Name splits" >> beam.Map(
            lambda part, pair: dataclasses.replace(
                part, split=pair[0][part.split]
            ),
            beam.pvalue.AsSingleton(settled),
        )
        remarks = settled | "Tell splits" >> beam.FlatMap(lambda pair: pair[1])
        return named, (unread, remarks) | "And of splits" >> beam.Flatten()


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
