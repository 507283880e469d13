"""Which shard is damaged, when reading one fails during a training."""

import contextlib
import re
from collections.abc import Iterator

import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import tfrecord


@contextlib.contextmanager
def named(record_set: record_set_lib.RecordSet) -> Iterator[None]:
    """Says which shard TensorFlow found damaged while a block runs.

    Opening a record set checks the framing of every shard, but only reading a
    record checks its data; TensorFlow's error names a place in some file.

    Raises:
      tfrecord.CorruptShard: a shard's data do not fit their checksum.
    """
    try:
        yield
    except tf.errors.DataLossError as error:
        place = re.search(r"corrupted record at (\d+)", error.message)
        # TensorFlow names the data, which lie behind the record's header.
        offset = int(place[1]) - tfrecord.HEADER_BYTES if place else -1
        for shard in record_set.manifest.shards:
            path = f"{record_set.path}/{shard.file}"
            if _is_damaged(path, shard.bytes, offset):
                raise tfrecord.CorruptShard(
                    f"{path}: the record at byte {offset} does not fit its "
                    "checksum: python -m pipeline.main --mode=verify --output="
                    f"{record_set.path} finds all damage; make the shard anew"
                ) from error
        raise


def _is_damaged(path: str, size: int, offset: int) -> bool:
    """Whether a file has a record at the offset that can't be read."""
    with record_set_lib.open_headers(path) as file:
        if offset not in tfrecord.walk(file, size, path):
            return False
        file.seek(offset)
        try:
            tfrecord.read_next(file)
        except tfrecord.CorruptShard:
            return True
    return False
