"""Captions that occur often in the train split count less, in the graph.

Equal captions of many images say little of each image, and teach to say them
again. Shapes are static, and nothing calls the host.
"""

import dataclasses
from typing import Self

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.data import split_images

# Captions that are encoded at once.
_PART = 1 << 16


def caption_keys(tokens: tf.Tensor) -> tf.Tensor:
    """Numbers captions, equal ones alike (multilinear hashing).

    Args:
      tokens: int32 [..., length].

    Returns:
      int64 [...]. Two captions that differ have the same number with a chance
      of about 2 ** -63.
    """
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    factors = np.random.default_rng(1).integers(low, high, tokens.shape[-1])
    return tf.reduce_sum(tf.cast(tokens, tf.int64) * factors, axis=-1)


@dataclasses.dataclass(frozen=True)
class CaptionWeights:
    """What each caption of the train split counts; a token's mean is one.

    Attributes:
      keys: int64 [repeated captions], ascending; see `caption_keys`.
      weights: float32 [repeated captions].
      single: weight of a caption that occurs once.
    """

    keys: np.ndarray
    weights: np.ndarray
    single: float

    @classmethod
    def of(
        cls,
        record_set: record_set_lib.RecordSet,
        max_length: int,
        power: float,
    ) -> Self:
        """Counts the train split.

        Args:
          record_set: with its vocabulary.
          max_length: tokens of a caption, END included.
          power: a caption that occurs n times counts n ** -power, in
            proportion to the others.
        """
        images = record_set.num_images("train")
        rows = split_images.captions(record_set, "train", limit=images)
        texts = [text for row in rows for text in row]
        parts = [
            _keys_and_lengths(
                record_set.vocabulary, texts[at : at + _PART], max_length
            )
            for at in range(0, len(texts), _PART)
        ]
        keys, lengths = np.concatenate(parts, axis=1)
        found, first, counts = np.unique(
            keys, return_index=True, return_counts=True
        )
        raw = counts.astype(np.float64) ** -power
        mean = np.average(raw, weights=counts * lengths[first])
        often = counts > 1
        return cls(
            found[often],
            (raw[often] / mean).astype(np.float32),
            float(1 / mean),
        )

    def look_up(self, tokens: tf.Tensor) -> tf.Tensor:
        """Looks captions up.

        Args:
          tokens: int32 [images, captions, length], of the length counted with.

        Returns:
          float32 [images, captions].
        """
        if not len(self.keys):
            return tf.fill(tokens.shape[:2], self.single)
        keys, known = caption_keys(tokens), tf.constant(self.keys)
        place = tf.searchsorted(known, tf.reshape(keys, [-1]))
        place = tf.minimum(tf.reshape(place, keys.shape), len(self.keys) - 1)
        return tf.where(
            tf.gather(known, place) == keys,
            tf.gather(tf.constant(self.weights), place),
            self.single,
        )


def _keys_and_lengths(
    words: vocabulary_lib.Vocabulary, texts: list[str], max_length: int
) -> np.ndarray:
    """Key and number of tokens of each caption, int64 [2, captions]."""
    tokens = words.encode(tf.constant(texts), max_length)
    lengths = np.count_nonzero(tokens, axis=-1)
    return np.stack([caption_keys(tokens).numpy(), lengths])
