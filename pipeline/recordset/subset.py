"""Copies a record set without some of its images."""

import dataclasses
import hashlib
import os
from collections.abc import Collection, Iterator

import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records, tfrecord

# Why images are left out, as the job says it too.
_DROPPED = "dropped-pair"


def write(
    record_set: record_set_lib.RecordSet,
    folder: str,
    left_out: Collection[str],
) -> None:
    """Copies a record set without some of its images.

    The vocabulary stays as it is, so that the same words are learned. The data
    card does too: it describes the whole set.

    Args:
      record_set: to copy.
      folder: made where it is missing; a record set in it is replaced.
      left_out: ids of images, of any split.

    Raises:
      CorruptShard: a shard is damaged.
    """
    tf.io.gfile.makedirs(folder)
    whole = record_set.manifest
    rows = [
        _copy(record_set.path, folder, shard, left_out)
        for shard in whole.shards
    ]
    gone = sum(shard.records for shard in whole.shards) - sum(
        shard.records for shard in rows
    )
    texts = [manifest_lib.VOCABULARY_FILE]
    if whole.card_sha256:
        texts += [manifest_lib.CARD_FILE]
    for name in texts:
        source, copy = (
            os.path.join(f, name) for f in (record_set.path, folder)
        )
        tf.io.gfile.copy(source, copy, overwrite=True)
    dropped = whole.rejected.get(_DROPPED, 0) + gone
    part = dataclasses.replace(
        whole,
        shards=tuple(rows),
        rejected={**whole.rejected, _DROPPED: dropped},
    )
    # Written last: it is the completion mark.
    path = os.path.join(folder, manifest_lib.MANIFEST_FILE)
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(part.dump())


def _copy(
    source: str,
    folder: str,
    shard: manifest_lib.Shard,
    left_out: Collection[str],
) -> manifest_lib.Shard:
    """Copies a shard; returns its row."""
    digest, count, captions, size = hashlib.sha256(), 0, 0, 0
    with tf.io.gfile.GFile(os.path.join(folder, shard.file), "wb") as file:
        file.write(b"")  # Else an empty shard is no file.
        for data in _records(source, shard):
            image = records.CaptionedImage.from_bytes(data)
            if image.image_id in left_out:
                continue
            chunk = tfrecord.frame(data)
            file.write(chunk)
            digest.update(chunk)
            count, size = count + 1, size + len(chunk)
            captions += len(image.captions)
    return dataclasses.replace(
        shard,
        records=count,
        captions=captions,
        bytes=size,
        sha256=digest.hexdigest(),
    )


def _records(source: str, shard: manifest_lib.Shard) -> Iterator[bytes]:
    path = os.path.join(source, shard.file)
    with record_set_lib.TENSORFLOW.open(path) as file:
        for offset, data in tfrecord.read(file.read, shard.bytes, path):
            if data is None:
                raise tfrecord.CorruptShard(
                    f"{path}: the record at byte {offset} does not fit its "
                    "checksum"
                )
            yield data
