"""The names of splits: one table, for what data sets and their files say."""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

from pipeline.readers import annotation_files
from pipeline.readers.annotation_files import DataSetError, InputFile

_SPELLINGS = {
    "train": "train training restval",
    "validation": (
        "validation validate valid val dev devel development minival "
        "valminusminival"
    ),
    "test": "test testing",
}
_SPLITS = {
    spelling: split
    for split, spellings in _SPELLINGS.items()
    for spelling in spellings.split()
}
_NAME = re.compile(r"[\w-]*")
_YEAR = re.compile(r"[-_]?(19|20)\d\d$")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_NAMED_IN_FULL = 2


def is_split(name: object) -> bool:
    """Whether it can be a split: it becomes a part of file names."""
    return isinstance(name, str) and bool(_NAME.fullmatch(name.strip()))


def canonical(name: str) -> str:
    """The split that a name stands for, in any case and with any year.

    Papers on COCO train on `train` and `restval` together. A name that is not
    in the table stands for itself.
    """
    name = name.strip()
    return _SPLITS.get(_YEAR.sub("", name).casefold(), name)


def name_by_files(files: Iterable[InputFile]) -> tuple[InputFile, ...]:
    """Gives files the splits that their names tell, as hints.

    A whole word anywhere in a file's name tells it, or else in the names of the
    folders that tell files apart. A name that tells two splits tells none.
    """
    files = tuple(files)
    shared = annotation_files.common_folder(files)
    return tuple(
        dataclasses.replace(file, hint=_told(file.path.removeprefix(shared)))
        for file in files
    )


def _told(path: str) -> str:
    return next(filter(None, map(_in_name, reversed(path.split("/")))), "")


def _in_name(name: str) -> str:
    words = _WORD.findall(_HUMP.sub(" ", name))
    found = {_SPLITS.get(word.casefold(), "") for word in words} - {""}
    return found.pop() if len(found) == 1 else ""


def holdings(files: Iterable[InputFile]) -> dict[str, str]:
    """Split, or '' -> the names of its files, in a few words."""
    held: dict[str, list[str]] = {}
    for file in files:
        name = file.path.rpartition("/")[2]
        held.setdefault(canonical(file.split_of()), []).append(name)
    return {split: _few(names) for split, names in sorted(held.items())}


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED_IN_FULL])
    more = len(names) - _NAMED_IN_FULL
    return f"{shown} and {more} more" if more > 0 else shown


def listed(held: Mapping[str, str]) -> str:
    """Formats split -> what it holds: `train: a.json; validation: b.json`."""
    return "; ".join(
        f"{split or 'by their ids'}: {held[split]}" for split in sorted(held)
    )


def check(held: Mapping[str, str]) -> None:
    """Checks that all of a data set has splits, with one to train on, or none.

    Args:
      held: split, or '' where none is known -> what it holds, in a few words.

    Raises:
      DataSetError: some parts have a split and others none, or none is train.
    """
    named = {split: what for split, what in held.items() if split}
    if named and "" in held:
        raise DataSetError(
            f"no split is known of {held['']}, but of the rest "
            f"({listed(named)}): in --annotations, write train= or another "
            "split before the path of each file"
        )
    if named and "train" not in named:
        raise DataSetError(
            f"nothing is in the split train ({listed(named)}): in "
            "--annotations, write train= before the path of what to train on"
        )
