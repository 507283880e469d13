"""One id, one image: what can be an id, and what if images share one."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.readers.reference import Reference


def identity(value: Any) -> str:
    """An id as text; '' where there is none: null, or blank text.

    Raises:
      TypeError: it is neither text nor a whole number.
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # pandas' column of numbers with a gap.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"an id is text or a whole number, not {value!r}")
    return str(value).strip()


def part(references: Iterable[Reference]) -> Iterator[list[Reference]]:
    """Parts references of one id into one list an image.

    Files may each number their images from 1. An id that stands for several
    images gives way to the paths of these.
    """
    ordered = sorted(references, key=lambda part: (part.source, part.order))
    groups = [
        list(group)
        for _, group in itertools.groupby(ordered, lambda part: part.source)
    ]
    if len(groups) == 1:
        yield from groups
        return
    for group in groups:
        yield [dataclasses.replace(one, image_id=one.source) for one in group]


def merge_captions(references: Iterable[Reference]) -> Reference:
    """Merges an image's entries in several files; equal captions count once."""
    ordered = sorted(references, key=lambda part: part.captions)
    if len(ordered) == 1:
        return ordered[0]
    texts = dict.fromkeys(text for one in ordered for text in one.captions)
    return dataclasses.replace(ordered[0], captions=tuple(texts))
