"""WebDataset: tar shards whose images are read again by their byte ranges."""

import dataclasses
import itertools
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipeline.files import found_files
from pipeline.readers.annotation_files import InputFile
from pipeline.readers.reference import MalformedReference, Reference, with_text
from pipeline.readers.rejects import REJECTS, Reject

# A sample's files stand together and differ in what follows the first dot.
_MEMBER = re.compile(r"(?:\./)?(?P<key>(?:.*/)?[^./][^./]*)\.(?P<kind>[^/]+)")
_IMAGES = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff")
_TEXTS = ("txt", "json")
_NAMED = 4
_RULE = (
    "the files of a sample stand side by side in the tar, and share their name "
    "up to its first dot"
)
_MAX_TEXT_BYTES = 1 << 20
_BLOCK = b"\0" * tarfile.BLOCKSIZE


@dataclasses.dataclass(frozen=True)
class _Member:
    """A file in a shard; `text` is empty for images, which are not read."""

    key: str
    kind: str
    offset: int
    size: int
    text: bytes = b""


class _Shard:
    """A shard's named files, one at a time.

    Attributes:
      damage: what ended it before its end mark, or ''; set by the iteration.
    """

    def __init__(self, path: str):
        self._path, self.damage = path, ""

    def __iter__(self) -> Iterator[_Member]:
        plain = CompressionTypes.UNCOMPRESSED
        with FileSystems.open(self._path, compression_type=plain) as file:
            try:
                with tarfile.open(fileobj=file, mode="r:") as tar:
                    yield from _members(tar)
                    end = tar.offset
            except tarfile.TarError as error:
                self.damage = str(error)
                return
            # At a damaged header, tarfile stops as it does at the end mark.
            file.seek(end)
            if file.read(len(_BLOCK)) != _BLOCK:
                self.damage = f"no more can be read after byte {end}"


def _members(tar: tarfile.TarFile) -> Iterator[_Member]:
    while (member := tar.next()) is not None:
        named = _MEMBER.fullmatch(member.name)
        if named and member.isreg() and not member.issparse():
            yield _opened(tar, member, named["key"], named["kind"])
        # TarFile caches every member; clear the list to bound memory.
        tar.members.clear()  # type: ignore[attr-defined]


def _opened(
    tar: tarfile.TarFile, member: tarfile.TarInfo, key: str, kind: str
) -> _Member:
    kind, text = kind.lower(), b""
    if kind in _TEXTS and member.size <= _MAX_TEXT_BYTES:
        file = tar.extractfile(member)
        text = file.read() if file else b""
    return _Member(key, kind, member.offset_data, member.size, text)


def _captions(files: dict[str, _Member], field: str) -> tuple[str, ...]:
    """Reads a .txt's lines, or else a field of the .json: a text or a list.

    Raises:
      ValueError, TypeError, KeyError: neither holds text.
    """
    if "txt" in files:
        return with_text(files["txt"].text.decode("utf-8-sig").splitlines())
    if "json" not in files:
        return ()
    value = json.loads(files["json"].text)[field]
    texts = value if isinstance(value, list) else [value]
    "".join(texts).encode()
    return with_text(texts)


def _parse(
    source: str, key: str, members: Sequence[_Member], field: str
) -> Reference:
    """The files of one sample -> its reference.

    Raises:
      MalformedReference: not one image, no captions, or damaged ones.
    """
    image_id, images = f"{source}/{key}", _images(members)
    files = {member.kind: member for member in members}
    if not found_files.is_text("".join([image_id, *files])):
        raise MalformedReference(
            "malformed-sample",
            found_files.printable(image_id),
            "its name is not UTF-8",
        )
    if len(images) != 1 or len(files) < len(members):
        kinds = _few(sorted(member.kind for member in members))
        told = f"{len(images)} images among its files ({kinds}): {_RULE}"
        if len(files) < len(members):
            told = f"two of its files have one name ({kinds})"
        reason = "malformed-sample" if images else "annotation-without-image"
        raise MalformedReference(reason, image_id, told)
    try:
        captions = _captions(files, field)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        detail = f"needs text, or JSON with {field!r} ({error!r})"[:200]
        raise MalformedReference(
            "malformed-sample", image_id, detail
        ) from error
    if not captions:
        told = "no caption has text"
        if not files.keys() & _TEXTS:
            told = f"no captions beside it: {_RULE}"
        raise MalformedReference("no-captions", image_id, told)
    (image,) = images
    return Reference(
        image_id,
        source,
        captions,
        offset=image.offset,
        length=image.size,
    )


def _images(members: Iterable[_Member]) -> list[_Member]:
    """The images among the files of a sample, also under keys with dots."""
    return [
        member
        for member in members
        if member.kind.rpartition(".")[2] in _IMAGES
    ]


def _few(kinds: Sequence[str]) -> str:
    shown = ", ".join(kinds[:_NAMED])
    more = len(kinds) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def samples(file: InputFile, root: str, field: str) -> Iterator[Any]:
    """Yields a shard's samples, one at a time, as references and rejects.

    Each image of a sample that is rejected is a reject of its own.
    """
    source = file.path.removeprefix(root).lstrip("/")
    shard = _Shard(file.path)
    for key, group in itertools.groupby(shard, lambda member: member.key):
        members = list(group)
        try:
            reference = _parse(source, key, members, field)
        except MalformedReference as error:
            images = _images(members)
            names = [
                found_files.printable(f"{error.where}.{image.kind}")
                for image in images
            ]
            for name in names if len(names) > 1 else [error.where]:
                yield _reject(name, source, error.reason, error.detail)
        else:
            yield dataclasses.replace(reference, split=file.split_of())
    if shard.damage:
        yield _reject(source, source, "malformed-shard", shard.damage)


def _reject(*row: str) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REJECTS, Reject(*row))


class ReadWebDataset(beam.PTransform):
    """Begin -> (references, rejects) of tar shards.

    An image's id is its shard's path under the root and the sample's key; its
    bytes stay where they are, for `image_root.ImageRoot` to read.
    """

    def __init__(self, files: Sequence[InputFile], root: str, field: str):
        """Keeps the shards, their common folder, and the captions' field."""
        super().__init__()
        self._files, self._root, self._field = sorted(files), root, field

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        read = beam.FlatMap(samples, self._root, self._field)
        good, rejects = (
            begin
            | beam.Create(self._files)
            | "Spread shards" >> beam.Reshuffle()
            | "Read samples" >> read.with_outputs(REJECTS, main="good")
        )
        return good, rejects
