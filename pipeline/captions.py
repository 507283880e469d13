"""One line of a caption file -> `Reference`. No Beam, no image bytes."""

import dataclasses
import json
import posixpath
import re
from collections.abc import Iterable
from typing import Any

_SPLIT_NAME = re.compile(r"[\w-]*")
_FLICKR_LINE = re.compile(r"^(?P<image>[^\t#]+)#(?P<order>\d+)\t(?P<text>.*)$")


class MalformedReference(ValueError):
    """A line that gives no usable reference.

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
      source: path of the image, relative to the image root.
      captions: text, in the order of the file.
      split: the data set's own split, or '' where it has none.
      order: the place of these captions among the image's own, for data sets
        that give one line to each caption.
    """

    image_id: str
    source: str
    captions: tuple[str, ...]
    split: str = ""
    order: int = 0


def check_source(source: str) -> None:
    """Refuses a source that could leave the image root.

    Raises:
      MalformedReference: `outside-image-root` for an absolute path, a URL, or
        a path that climbs with `..`.
    """
    climbs = ".." in source.replace("\\", "/").split("/")
    if climbs or posixpath.isabs(source) or "://" in source:
        raise MalformedReference(
            "outside-image-root", source, "the image must lie under --images"
        )


def decode(line: bytes) -> str:
    """UTF-8 -> text; a byte order mark is dropped.

    Raises:
      MalformedReference: the line is in another encoding.
    """
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = line[:120].decode(errors="replace")
        raise MalformedReference(
            "malformed-line", where, f"is not UTF-8 ({error.reason})"
        ) from error


def _fault(row: dict[str, Any]) -> str:
    """What is wrong with the values of a JSONL row, or ''."""
    source, captions = row["image"], row["captions"]
    texts = isinstance(captions, list) and all(
        isinstance(text, str) for text in captions
    )
    if not isinstance(source, str) or not source or not texts:
        return "'image' is a path, 'captions' a list"
    identity, split = row.get("id"), row.get("split")
    if identity is not None and not isinstance(identity, str | int):
        return "'id' is text or a number"
    # It becomes a part of file names.
    if split is not None and not (
        isinstance(split, str) and _SPLIT_NAME.fullmatch(split)
    ):
        return "'split' is one word"
    try:
        "".join([source, str(identity), *captions]).encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair is no text"
    return ""


def parse_jsonl(line: str) -> Reference:
    """`{"image": path, "captions": [text, ...], "id"?: ..., "split"?: ...}`.

    Raises:
      MalformedReference: not such an object, no captions, or a path that
        leaves the image root.
    """
    where = line[:120]
    try:
        row = json.loads(line)
        fault = _fault(row)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedReference(
            "malformed-line", where, f"needs 'image' and 'captions' ({error!r})"
        ) from error
    if fault:
        raise MalformedReference("malformed-line", where, fault)
    source, identity = row["image"], row.get("id")
    check_source(source)
    kept = tuple(text.strip() for text in row["captions"] if text.strip())
    if not kept:
        raise MalformedReference("no-captions", source, "no caption has text")
    return Reference(
        image_id=source if identity in (None, "") else str(identity),
        source=source,
        captions=kept,
        split=row.get("split") or "",
    )


def parse_flickr8k(line: str) -> Reference:
    r"""One line of `Flickr8k.token.txt`: `<image>#<order>\t<caption>`.

    Raises:
      MalformedReference: the line has another form.
    """
    match = _FLICKR_LINE.match(line)
    if match is None or not match["text"].strip():
        raise MalformedReference(
            "malformed-line", line[:120], "needs <image>#<number><tab><caption>"
        )
    check_source(match["image"])
    return Reference(
        image_id=match["image"],
        source=match["image"],
        captions=(match["text"].strip(),),
        order=int(match["order"]),
    )


def merge(references: Iterable[Reference]) -> Reference:
    """All references of one image -> one, whatever order they arrive in.

    Raises:
      MalformedReference: `conflicting-references` when one id is given two
        images or two splits.
    """
    parts = sorted(references, key=lambda part: (part.order, part.captions))
    places = sorted({(part.source, part.split) for part in parts})
    if len(places) > 1:
        raise MalformedReference(
            "conflicting-references", parts[0].image_id, f"stands for {places}"
        )
    captions = tuple(text for part in parts for text in part.captions)
    return dataclasses.replace(parts[0], captions=captions, order=0)
