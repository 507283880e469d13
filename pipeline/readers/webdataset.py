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
from pipeline.readers import rejects
from pipeline.readers.annotation_files import InputFile
from pipeline.readers.reference import MalformedReference, Reference, stripped
from pipeline.readers.rejects import REJECTS, Read, Reject, Unit

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
        lines = files["txt"].text.decode("utf-8-sig").splitlines()
        return tuple(text for text in stripped(lines) if text)
    return _field(files["json"], field) if "json" in files else ()


def _field(member: _Member, field: str) -> tuple[str, ...]:
    value = json.loads(member.text)[field]
    texts = value if isinstance(value, list) else [value]
    "".join(texts).encode()
    return stripped(texts)


def _beside_txt(
    files: dict[str, _Member], field: str, captions: Sequence[str]
) -> list[str]:
    """Captions of the .json that a .txt beside it does not hold."""
    if not {"txt", "json"} <= files.keys():
        return []
    try:
        texts = _field(files["json"], field)
    except (ValueError, TypeError, KeyError, RecursionError):
        return []  # It holds something else than captions.
    return [text for text in texts if text and text not in captions]


def _parse(
    source: str, key: str, members: Sequence[_Member], field: str
) -> tuple[Reference, list[str]]:
    """The files of one sample -> its reference, and captions it leaves out.

    Raises:
      MalformedReference: not one image, no file of captions, or a damaged one.
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
        raise MalformedReference("malformed-sample", image_id, told)
    try:
        captions = _captions(files, field)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        detail = f"needs text, or JSON with {field!r} ({error!r})"[:200]
        raise MalformedReference(
            "malformed-sample", image_id, detail
        ) from error
    if not files.keys() & _TEXTS:
        told = f"no captions beside it: {_RULE}"
        raise MalformedReference("no-captions", image_id, told)
    (image,) = images
    reference = Reference(
        image_id,
        source,
        captions,
        offset=image.offset,
        length=image.size,
    )
    return reference, _beside_txt(files, field, captions)


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
    yield _tagged(Read(Unit.SHARDS))
    for key, group in itertools.groupby(shard, lambda member: member.key):
        members = list(group)
        try:
            reference, beside = _parse(source, key, members, field)
        except MalformedReference as error:
            yield from _rejects(error, _images(members), source)
            continue
        yield _tagged(Read(Unit.IMAGES))
        captions = len(reference.captions) + len(beside)
        yield _tagged(Read(Unit.CAPTIONS, captions))
        for text in beside:
            name = reference.image_id
            yield _tagged(rejects.caption(name, source, "beside-txt", text))
        yield dataclasses.replace(reference, split=file.split_of())
    if shard.damage:
        yield _tagged(rejects.shard(source, shard.damage))


def _rejects(
    error: MalformedReference, images: Sequence[_Member], source: str
) -> Iterator[Any]:
    """Rejects each image of a sample, or the captions of one without any."""
    if not images:
        reason = "annotation-without-image"
        yield _tagged(Read(Unit.CAPTIONS))
        yield _tagged(
            rejects.caption(error.where, source, reason, error.detail)
        )
    for image in images:
        name = error.where
        if len(images) > 1:
            name = found_files.printable(f"{error.where}.{image.kind}")
        yield _tagged(Read(Unit.IMAGES))
        yield _tagged(Reject(name, source, error.reason, error.detail))


def _tagged(row: Read | Reject) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REJECTS, row)


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
        good, left_out = (
            begin
            | beam.Create(self._files)
            | "Spread shards" >> beam.Reshuffle()
            | "Read samples" >> read.with_outputs(REJECTS, main="good")
        )
        return good, left_out
