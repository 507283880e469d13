"""Captions without text: left out one by one, and counted."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from pipeline.readers import rejects
from pipeline.readers.reference import Reference


def _with_text(part: Reference) -> Iterator[Any]:
    kept = tuple(text for text in part.captions if text.strip())
    for _ in range(len(part.captions) - len(kept)):
        reject = rejects.caption(
            part.image_id, part.uri, "blank-caption", "a caption without text"
        )
        yield beam.pvalue.TaggedOutput(rejects.REJECTS, reject)
    changed = len(kept) < len(part.captions)
    yield dataclasses.replace(part, captions=kept) if changed else part


class LeaveOutBlanks(beam.PTransform):
    """Begin -> (references, rejects) of a reader, without blank captions.

    An image that has no other is rejected where its references meet.
    """

    def __init__(self, reader: beam.PTransform):
        """Keeps a reader."""
        super().__init__()
        self._reader = reader

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        references, unread = begin | "Read entries" >> self._reader
        kept, blank = references | "Leave out blanks" >> beam.FlatMap(
            _with_text
        ).with_outputs(rejects.REJECTS, main="kept")
        return kept, (unread, blank) | "Rejects and blanks" >> beam.Flatten()
