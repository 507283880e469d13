"""What every reader gives: `Reference`. No Beam, no image bytes."""

import dataclasses
from collections.abc import Iterable, Sequence

from pipeline.readers import rejects


class MalformedReference(ValueError):
    """A part of a data set that gives no usable reference.

    Attributes:
      reason: a short stable slug, such as `malformed-line`.
      where: the start of the line, for the reject's record.
    """

    def __init__(self, reason: str, where: str, detail: str):
        """Keeps the slug and the place beside the message."""
        super().__init__(f"{reason}: {detail}: {where!r}")
        self.reason, self.where, self.detail = reason, where, detail


@dataclasses.dataclass(frozen=True)
class Reference:
    """Where an image is and what people say of it, before it is read.

    Attributes:
      image_id: unique in the data set; decides split and shard.
      source: where the image is, for `image_root.ImageRoot`; not yet checked.
      captions: text, in the order of the file.
      split: the data set's own split, or '' where it has none.
      order: the place of these captions among the image's own, for data sets
        that give one line to each caption.
      offset: of the image in its file, in bytes.
      length: of the image in bytes; -1 where it is the whole file.
    """

    image_id: str
    source: str
    captions: tuple[str, ...]
    split: str = ""
    order: int = 0
    offset: int = 0
    length: int = -1

    @property
    def uri(self) -> str:
        """The source, with the range of bytes where it is part of a file."""
        if self.length < 0:
            return self.source
        return f"{self.source}#bytes={self.offset}+{self.length}"


def stripped(texts: Iterable[str]) -> tuple[str, ...]:
    """Strips captions. Blank ones stay: `blank_captions` counts them."""
    return tuple(text.strip() for text in texts)


def left_out(
    parts: Sequence[Reference], reason: str, detail: str
) -> rejects.Reject:
    """Makes the reject of all references of an image."""
    captions = sum(len(part.captions) for part in parts)
    return rejects.Reject(
        parts[0].image_id,
        parts[0].source,
        reason,
        detail,
        entries=len(parts),
        captions=captions,
    )


def merge(references: Iterable[Reference]) -> Reference:
    """Merges the references of one image, in whatever order they arrive.

    Raises:
      MalformedReference: `conflicting-references` when one id is given two
        images or two splits, `no-captions` when it has no caption.
    """
    parts = sorted(references, key=lambda part: (part.order, part.captions))
    places = sorted({(part.uri, part.split) for part in parts})
    if len(places) > 1:
        raise MalformedReference(
            "conflicting-references", parts[0].image_id, f"stands for {places}"
        )
    captions = tuple(text for part in parts for text in part.captions)
    if not captions:
        raise MalformedReference(
            "no-captions", parts[0].image_id, "no caption has text"
        )
    return dataclasses.replace(parts[0], captions=captions, order=0)
