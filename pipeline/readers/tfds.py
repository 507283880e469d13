"""TFDS by name: records whose images are read again by their byte ranges.

A prepared data set lies in TFRecord files, and an image's encoded bytes lie in
one piece in its record. So TFDS only names the files, and reads none of them.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from google.protobuf import message

from pipeline.files import beam_files
from pipeline.readers import annotation_files, rejects, split_names
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import (
    MalformedReference,
    Reference,
    stripped,
)
from pipeline.readers.rejects import REJECTS, Read, Reject, Unit
from pipeline.readers.table import Columns
from pipeline.recordset import tfrecord


def find(name: str, data_dir: str | None) -> tuple[InputFile, ...]:
    """Finds the files of a prepared data set, with their splits.

    Args:
      name: as TFDS names it, with `/config` and `:version` where needed.
      data_dir: where data sets were prepared; None is TFDS's own folder.

    Raises:
      DataSetError: TFDS is not installed, has no such data set, or holds it
        in another form than TFRecord.
    """
    try:
        from tensorflow_datasets.core import read_only_builder
    except ImportError as error:
        raise DataSetError(
            "--dataset=tfds needs the package tensorflow-datasets: "
            "pip install 'eyewitness[tfds]'"
        ) from error
    try:
        builder = read_only_builder.builder_from_files(name, data_dir=data_dir)
    except ValueError as error:
        raise DataSetError(
            f"--annotations={name}: TFDS has prepared no such data set in "
            f"{data_dir or 'its own folder'}; see --tfds_data_dir"
        ) from error
    if builder.info.file_format.value != "tfrecord":
        raise DataSetError(
            f"--annotations={name} is held as {builder.info.file_format.value}:"
            " prepare it with file_format='tfrecord'"
        )
    return annotation_files.find(
        [
            f"{split_names.canonical(split)}={os.fspath(path)}"
            for split, info in builder.info.splits.items()
            for path in info.filepaths
        ]
    )


def check(files: Sequence[InputFile], columns: Columns) -> None:
    """Checks that the first record has the features.

    Raises:
      DataSetError: it lacks one of them.
    """
    path = files[0].path
    values = _values(next(_records(path), (0, None))[1])
    for name in (columns.image, columns.caption):
        if name not in values:
            raise DataSetError(
                f"{path} has no feature {name!r} of bytes, but "
                f"{', '.join(map(repr, sorted(values))) or 'none'}: name them "
                "with --image_column and --caption_column"
            )


def _records(path: str) -> Iterator[tuple[int, bytes | None]]:
    size = beam_files.size_of(path)
    plain = CompressionTypes.UNCOMPRESSED
    with FileSystems.open(path, compression_type=plain) as file:
        yield from tfrecord.read(file.read, size, path)


def _values(data: bytes | None) -> dict[str, list[bytes]]:
    """The features of a record that hold bytes.

    Raises:
      ValueError: it is another kind of record.
    """
    try:
        features = tf.train.Example.FromString(data or b"").features.feature
    except message.DecodeError as error:
        raise ValueError("a record is no tf.train.Example") from error
    found = {name: features[name].bytes_list.value for name in features}
    return {name: list(values) for name, values in found.items() if values}


def _parse(
    data: bytes | None, columns: Columns, file: InputFile
) -> tuple[tuple[str, ...], int, int]:
    """Reads a record's captions, and finds its image.

    Returns:
      The captions; offset and length of the image in the record, in bytes.

    Raises:
      MalformedReference: damaged, or not one image.
    """
    if data is None:
        detail = "a record does not fit its checksum"
        raise MalformedReference("malformed-record", file.path, detail)
    try:
        values = _values(data)
        texts = [text.decode() for text in values.get(columns.caption, [])]
    except ValueError as error:
        raise MalformedReference(
            "malformed-record", file.path, str(error)
        ) from error
    images = values.get(columns.image, [])
    if len(images) != 1:
        detail = f"{columns.image!r} holds {len(images)} images"
        raise MalformedReference("malformed-record", file.path, detail)
    return stripped(texts), data.index(images[0]), len(images[0])


def examples(file: InputFile, root: str, columns: Columns) -> Iterator[Any]:
    """Yields a file's records, one at a time, as references and rejects.

    An image's id is the one that TFDS gives it: the file's name, and the place
    of the record in it.
    """
    source = file.path.removeprefix(root).lstrip("/")
    name = source.rpartition("/")[2]
    yield _tagged(Read(Unit.SHARDS))
    try:
        for number, (begin, data) in enumerate(_records(file.path)):
            image_id = f"{name}__{number}"
            yield _tagged(Read(Unit.IMAGES))
            try:
                captions, place, length = _parse(data, columns, file)
            except MalformedReference as error:
                yield _tagged(
                    Reject(image_id, source, error.reason, error.detail)
                )
                continue
            yield _tagged(Read(Unit.CAPTIONS, len(captions)))
            offset = begin + tfrecord.HEADER_BYTES + place
            yield Reference(
                image_id,
                source,
                captions,
                file.split,
                offset=offset,
                length=length,
            )
    except tfrecord.CorruptShard as error:
        yield _tagged(rejects.shard(source, str(error)))


def _tagged(row: Read | Reject) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REJECTS, row)


class ReadTfds(beam.PTransform):
    """Begin -> (references, rejects) of TFDS's files."""

    def __init__(self, files: Sequence[InputFile], root: str, columns: Columns):
        """Keeps the files, their common folder, and the features' names."""
        super().__init__()
        self._files, self._root, self._columns = sorted(files), root, columns

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        read = beam.FlatMap(examples, self._root, self._columns)
        good, left_out = (
            begin
            | beam.Create(self._files)
            | "Spread files" >> beam.Reshuffle()
            | "Read examples" >> read.with_outputs(REJECTS, main="good")
        )
        return good, left_out
