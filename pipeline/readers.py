"""Data set files -> references, in Beam; and the split of each reference."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from pipeline import captions as captions_lib
from pipeline import manifest as manifest_lib
from pipeline import rejects, splits

REJECTS = "rejects"


class _Parse(beam.DoFn):
    """Line -> Reference, or a Reject on the side output."""

    def __init__(self, parser: Any):
        self._parser = parser

    def process(self, line: bytes) -> Iterator[Any]:
        try:
            yield self._parser(captions_lib.decode(line))
        except captions_lib.MalformedReference as error:
            reject = rejects.Reject(error.where, "", error.reason, error.detail)
            yield beam.pvalue.TaggedOutput(REJECTS, reject)


def _read_lines(label: str, path: str) -> beam.PTransform:
    # Bytes: a line in another encoding is rejected, and loses no other.
    lines = label >> beam.io.ReadFromText(path, coder=beam.coders.BytesCoder())
    return lines | f"Skip blanks of {label}" >> beam.Filter(bytes.strip)


def _join_split(
    group: tuple[str, tuple[Iterable[Any], Iterable[Any]]],
) -> Iterator[Any]:
    """Joins an image's captions with the split list that names it."""
    image_id, references, names = group[0], list(group[1][0]), list(group[1][1])
    if len(set(names)) > 1:
        listed = f"named by {sorted(set(names))}"
        reject = rejects.Reject(image_id, image_id, "in-two-splits", listed)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)
    elif names:
        for reference in references:
            yield dataclasses.replace(reference, split=names[0])
    else:
        beam.metrics.Metrics.counter("read", "unlisted").inc(len(references))


def _check_split(
    group: tuple[str, Iterable[captions_lib.Reference]],
) -> Iterator[Any]:
    """Passes an image whose lines agree on its split."""
    image_id, references = group[0], list(group[1])
    names = {reference.split for reference in references}
    return _join_split((image_id, (references, names)))


class ReadJsonl(beam.PTransform):
    """Begin -> (references, rejects) of a JSONL file."""

    def __init__(self, path: str):
        """Keeps the path; see `captions.parse_jsonl` for the format."""
        super().__init__()
        self._path = path

    def expand(self, begin: Any) -> Any:
        """Pipe of labelled stages."""
        parse = beam.ParDo(_Parse(captions_lib.parse_jsonl))
        good, rejects = (
            begin
            | _read_lines("Read lines", self._path)
            | "Parse" >> parse.with_outputs(REJECTS, main="good")
        )
        agreed, conflicts = (
            good
            | beam.Map(lambda part: (part.image_id, part))
            | beam.GroupByKey()  # (image id, [Reference])
            | "Check splits"
            >> beam.FlatMap(_check_split).with_outputs(REJECTS, main="agreed")
        )
        return agreed, (rejects, conflicts) | "Both rejects" >> beam.Flatten()


class ReadFlickr8k(beam.PTransform):
    """Begin -> (references, rejects) of Flickr8k's own files.

    An image that no split list names is left out and counted as `unlisted`:
    the token file holds more images than the three official lists.
    """

    def __init__(self, path: str, split_lists: dict[str, str]):
        """Keeps the token file's path and split name -> list file."""
        super().__init__()
        self._path = path
        self._split_lists = split_lists

    def expand(self, begin: Any) -> Any:
        """Pipe of labelled stages."""
        parse = beam.ParDo(_Parse(captions_lib.parse_flickr8k))
        good, rejects = (
            begin
            | _read_lines("Read lines", self._path)
            | "Parse" >> parse.with_outputs(REJECTS, main="good")
        )
        names = [
            begin
            | _read_lines(f"Read {split} list", path)
            | f"Name {split}"
            >> beam.Map(
                lambda name, split=split: (
                    name.decode("utf-8-sig", "replace").strip(),
                    split,
                )
            )
            for split, path in sorted(self._split_lists.items())
        ]
        by_image = good | beam.Map(lambda part: (part.image_id, part))
        joined, conflicts = (
            (by_image, names | "All lists" >> beam.Flatten())
            | beam.CoGroupByKey()  # (image id, ([Reference], [split]))
            | "Join splits"
            >> beam.FlatMap(_join_split).with_outputs(REJECTS, main="joined")
        )
        return joined, (rejects, conflicts) | "Both rejects" >> beam.Flatten()


class AssignSplits(beam.PTransform):
    """References -> references with a split; see `splits.SplitRule`."""

    def __init__(self, rule: splits.SplitRule):
        """Keeps the rule."""
        super().__init__()
        self._rule = rule

    def expand(self, references: Any) -> Any:
        """One stage."""
        rule = self._rule
        return references | beam.Map(
            lambda part: dataclasses.replace(
                part, split=rule.assign(part.image_id, part.split)
            )
        )


def split_lists(captions: str) -> dict[str, str]:
    """Split name -> the official list beside Flickr8k's token file."""
    folder, _ = FileSystems.split(captions)
    pattern = FileSystems.join(folder, "Flickr_8k.*Images.txt")
    found = FileSystems.match([pattern])[0].metadata_list
    lists = {
        re.sub(r".*Flickr_8k\.(\w+)Images\.txt$", r"\1", item.path): item.path
        for item in found
    }
    if "train" not in lists:
        raise manifest_lib.RecordSetError(
            f"no Flickr_8k.trainImages.txt beside {captions}"
        )
    return lists
