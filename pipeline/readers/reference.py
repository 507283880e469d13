"""What every reader gives: `Reference`. No Beam, no image bytes."""

import dataclasses
from collections.abc import Iterable


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


def with_text(texts: Iterable[str]) -> tuple[str, ...]:
    """Strips captions, and drops those that are blank."""
    return tuple(text.strip() for text in texts if text.strip())


def merge(references: Iterable[Reference]) -> Reference:
    """Merges the references of one image, in whatever order they arrive.

    Raises:
      MalformedReference: `conflicting-references` when one id is given two
        images or two splits.
    """
    parts = sorted(references, key=lambda part: (part.order, part.captions))
    places = sorted({(part.uri, part.split) for part in parts})
    if len(places) > 1:
        raise MalformedReference(
            "conflicting-references", parts[0].image_id, f"stands for {places}"
        )
    captions = tuple(text for part in parts for text in part.captions)
    return dataclasses.replace(parts[0], captions=captions, order=0)
