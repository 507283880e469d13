"""Lists of images, one for each split, beside captions."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import own_splits
from pipeline.readers.annotation_files import DataSetError
from pipeline.readers.reference import Reference, left_out
from pipeline.readers.rejects import REJECTS, Reject
from pipeline.readers.tallies import Tally, TallyNames

_UNLISTED, _JOINED, _MISSED = "unlisted", "joined", "missed"
_IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")


def _check(unlisted: Tally, joined: Tally, missed: Tally) -> None:
    """Checks that lists and captions have images in common.

    Args:
      unlisted: images that no list names.
      joined: images that a list names.
      missed: entries of the lists that name no image with captions.

    Raises:
      DataSetError: no image is named by a list.
    """
    if unlisted.count and not joined.count:
        raise DataSetError(
            "the split lists name no image of the captions, such as "
            f"{unlisted.first!r}; {missed.count} of their entries name none "
            f"that has captions, such as {missed.first!r}"
        )


def _stem(path: str) -> str:
    """A path without the ending of an image's file."""
    for ending in _IMAGE_ENDINGS:
        if path.lower().endswith(ending):
            return path[: -len(ending)]
    return path


def _name(path: str) -> str:
    """What lists and captions have in common: no folder, and no ending."""
    return _stem(path).rpartition("/")[2]


def _same_end(entry: str, image_id: str) -> bool:
    one, other = f"/{_stem(entry)}", f"/{_stem(image_id)}"
    return one.endswith(other) or other.endswith(one)


# An entry that is an image's whole path is right where others fit as well.
_FITS: tuple[Callable[[str, str], bool], ...] = (
    lambda entry, image_id: entry == image_id,
    lambda entry, image_id: _stem(entry) == _stem(image_id),
    _same_end,
)


def _naming(entries: Sequence[tuple[str, str]], image_id: str) -> set[str]:
    """The splits of the entries that name an image, by the closest fit."""
    for fits in _FITS:
        found = {split for entry, split in entries if fits(entry, image_id)}
        if found:
            return found
    return set()


def _join(
    group: tuple[str, tuple[Iterable[Reference], Iterable[tuple[str, str]]]],
) -> Iterator[Any]:
    """Gives the images of one name the splits of the entries that name them."""
    entries = list(group[1][1])
    images: dict[str, list[Reference]] = {}
    for reference in group[1][0]:
        images.setdefault(reference.image_id, []).append(reference)
    for image_id, parts in images.items():
        names = _naming(entries, image_id)
        met = _JOINED if names else _UNLISTED
        yield beam.pvalue.TaggedOutput(met, image_id)
        if not names:
            reject = left_out(parts, _UNLISTED, "no split list names it")
            yield beam.pvalue.TaggedOutput(REJECTS, reject)
        if len(names) > 1:
            yield own_splits.in_two_splits(parts, names)
        for split in names if len(names) == 1 else ():
            for part in parts:
                yield dataclasses.replace(part, split=split)
    for entry, split in entries:
        if not any(_same_end(entry, image_id) for image_id in images):
            yield beam.pvalue.TaggedOutput(_MISSED, entry)
            detail = f"the list of {split!r} names it, no caption does"
            reason = "listed-without-captions"
            reject = Reject(entry, entry, reason, detail, entries=0)
            yield beam.pvalue.TaggedOutput(REJECTS, reject)


class JoinSplits(beam.PTransform):
    """(References, (entry of a list, split)) -> (references, rejects).

    An entry names an image by its file name, with or without folders and
    ending. Images that no list names are left out, and so is an entry that
    names none.
    """

    def expand(self, pair: Any) -> Any:
        """Builds the stages of this transform."""
        references, listed = pair
        joined = (
            (
                references
                | "Key images"
                >> beam.Map(lambda part: (_name(part.image_id), part)),
                listed
                | "Key entries" >> beam.Map(lambda row: (_name(row[0]), row)),
            )
            | beam.CoGroupByKey()  # (name, ([Reference], [(entry, split)]))
            | "Join"
            >> beam.FlatMap(_join).with_outputs(
                REJECTS, _UNLISTED, _JOINED, _MISSED, main="good"
            )
        )
        unlisted, met, missed = (
            joined[tag] | f"Tally {tag}" >> TallyNames()
            for tag in (_UNLISTED, _JOINED, _MISSED)
        )
        checked = unlisted | "Check lists" >> beam.Map(
            _check,
            beam.pvalue.AsSingleton(met),
            beam.pvalue.AsSingleton(missed),
        )
        # A side input, so that nothing is encoded before the check.
        good = joined.good | "Wait for the check" >> beam.Map(
            lambda part, _: part, beam.pvalue.AsSingleton(checked)
        )
        return good, joined[REJECTS]
