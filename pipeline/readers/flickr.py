r"""Flickr8k: `<image>#<order>\t<caption>` a line, and official split lists."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from pipeline import manifest as manifest_lib
from pipeline.readers import lines, membership
from pipeline.readers.captions import MalformedReference, Reference
from pipeline.readers.inputs import InputFile

_TOKEN_LINE = re.compile(r"^(?P<image>[^\t#]+)#(?P<order>\d+)\t(?P<text>.*)$")


def parse_token(line: str) -> Reference:
    """One line of a token file -> its reference.

    Raises:
      MalformedReference: the line has another form.
    """
    match = _TOKEN_LINE.match(line)
    if match is None or not match["text"].strip():
        raise MalformedReference(
            "malformed-line", line[:120], "needs <image>#<number><tab><caption>"
        )
    return Reference(
        image_id=match["image"],
        source=match["image"],
        captions=(match["text"].strip(),),
        order=int(match["order"]),
    )


def find_lists(captions: str) -> dict[str, str]:
    """Split name -> the official list beside Flickr8k's token file.

    Raises:
      RecordSetError: there is none for training.
    """
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


def _listed(line: bytes, split: str) -> tuple[str, str]:
    return line.decode("utf-8-sig", "replace").strip(), split


class ReadFlickr(beam.PTransform):
    """Begin -> (references, rejects) of a token file and its split lists.

    An image that no split list names is left out and counted as `unlisted`:
    the token file holds more images than the three official lists.
    """

    def __init__(self, files: Sequence[InputFile], lists: Mapping[str, str]):
        """Keeps the token files, and split name -> list file."""
        super().__init__()
        self._files, self._lists = files, lists

    def expand(self, begin: Any) -> Any:
        """Pipe of labelled stages."""
        good, rejects = begin | lines.ParseLines(self._files, parse_token)
        names = [
            begin
            | f"Read {split} list" >> lines.ReadLines([path])
            | f"Name {split}" >> beam.Map(_listed, split)
            for split, path in sorted(self._lists.items())
        ]
        names = names | "All lists" >> beam.Flatten()
        joined, conflicts = (good, names) | membership.JoinSplits()
        return joined, (rejects, conflicts) | "Both rejects" >> beam.Flatten()
