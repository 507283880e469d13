"""Flickr8k and Flickr30k: one caption a line, and official split lists."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from pipeline.files import found_files
from pipeline.readers import lines, own_splits, split_lists, split_names
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import MalformedReference, Reference

_TOKEN_LINE = re.compile(r"(?P<image>[^\t#]+)#(?P<order>\d+)\t(?P<text>.*)")
_BAR_LINE = re.compile(r"(?P<image>[^|]+?) *\| *(?P<order>\d+) *\|(?P<text>.*)")
# The official lists name it so, and papers report scores on it.
OFFICIAL_DEV = "dev"
_FIRST_ROW = re.compile(r"image_name *\| *comment_number *\| *comment *")
_LISTS_OF_30K = {"train": "train", "val": "validation", "test": "test"}


def parse_token(line: str) -> Reference:
    r"""`<image>#<order>\t<caption>` -> its reference.

    Raises:
      MalformedReference: the line has another form.
    """
    match = _TOKEN_LINE.fullmatch(line)
    return _reference(line, match, "<image>#<number><tab><caption>")


def parse_bar(line: str) -> Reference:
    """`<image>| <order>| <caption>` -> its reference.

    Raises:
      MalformedReference: the line has another form, or names the columns.
    """
    if _FIRST_ROW.fullmatch(line):
        raise MalformedReference("first-row", line, "names the columns")
    match = _BAR_LINE.fullmatch(line)
    return _reference(line, match, "<image>| <number>| <caption>")


def _reference(line: str, match: re.Match[str] | None, form: str) -> Reference:
    if match is None:
        raise MalformedReference("malformed-line", line[:120], f"needs {form}")
    return Reference(
        image_id=match["image"],
        source=match["image"],
        captions=(match["text"].strip(),),
        order=int(match["order"]),
    )


def find_lists_of_8k(captions: str) -> dict[str, str]:
    """Split name -> the official list beside Flickr8k's token file.

    Raises:
      DataSetError: there is none for training.
    """
    folder, _ = FileSystems.split(captions)
    pattern = FileSystems.join(folder, "Flickr_8k.*Images.txt")
    found = found_files.find(pattern)
    lists = {
        re.sub(r".*Flickr_8k\.(\w+)Images\.txt$", r"\1", item.path): item.path
        for item in found
    }
    if "train" not in map(split_names.canonical, lists):
        raise DataSetError(f"no Flickr_8k.trainImages.txt beside {captions}")
    return lists


def find_lists_of_30k(captions: str) -> dict[str, str]:
    """Split name -> the list beside Flickr30k's captions; all three or none.

    Raises:
      DataSetError: some of the lists are missing.
    """
    folder, _ = FileSystems.split(captions)
    lists = {
        split: FileSystems.join(folder, f"{name}.txt")
        for name, split in _LISTS_OF_30K.items()
    }
    there = {path: FileSystems.exists(path) for path in lists.values()}
    if not all(there.values()) and any(there.values()):
        missing = next(path for path in there if not there[path])
        raise DataSetError(f"{missing} is missing beside the other split lists")
    return lists if all(there.values()) else {}


def _listed(line: bytes, split: str) -> tuple[str, str]:
    return line.decode("utf-8-sig", "replace").strip(), split


class ReadFlickr(beam.PTransform):
    """Begin -> (references, rejects) of captions and their split lists.

    An image that no split list names is left out, as `JoinSplits` has it:
    Flickr8k has captions of more images than the three official lists name.
    Without lists, images have no split of their own.
    """

    def __init__(self, files: Sequence[InputFile], lists: Mapping[str, str]):
        """Keeps token files, or tables (.csv), and split name -> list file."""
        super().__init__()
        self._files, self._lists = files, lists

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        if self._files[0].path.endswith(".csv"):
            parse = lines.ParseLines(self._files, parse_bar)
        else:
            parse = lines.ParseLines(self._files, parse_token)
        good, rejects = begin | parse
        if not self._lists:
            joined, conflicts = good | own_splits.AgreeOnSplits()
        else:
            names = [
                begin
                | f"Read {split} list" >> lines.ReadLines([path])
                | f"Name {split}" >> beam.Map(_listed, split)
                for split, path in sorted(self._lists.items())
            ]
            names = names | "All lists" >> beam.Flatten()
            joined, conflicts = (good, names) | split_lists.JoinSplits()
        return joined, (rejects, conflicts) | "Both rejects" >> beam.Flatten()
