"""Parts of shards -> their records, as they lie in the files."""

from collections.abc import Sequence

import tensorflow as tf

from pipeline.recordset.record_set import Part


def read(parts: Sequence[Part]) -> tf.data.Dataset:
    """Reads one part after another.

    Returns:
      A dataset of serialised records, string [].
    """
    buffer = _buffer(parts[0].path) if parts else 0
    # One dataset for each file would cost every record a call for each.
    rows = tf.data.Dataset.from_tensor_slices(
        (
            tf.constant([part.path for part in parts], tf.string),
            tf.constant([part.first for part in parts], tf.int64),
            tf.constant([part.records for part in parts], tf.int64),
        )
    )
    return rows.flat_map(
        lambda path, first, count: (
            tf.data.TFRecordDataset(path, buffer_size=buffer)
            .skip(first)
            .take(count)
        )
    )


def _buffer(path: str) -> int:
    """Bytes to buffer; local files are read ahead by the kernel."""
    return 1 << 20 if "://" in path else 0
