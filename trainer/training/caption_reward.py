"""CIDEr-D of sampled captions on token ids, in the graph of an update.

The formula is that of `pipeline.scoring.cider` (Vedantam et al. 2015, section
8); END counts as a word. Shapes are static, and nothing calls the host.
"""

import dataclasses
import functools
from typing import NamedTuple, Self

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from pipeline.scoring.ngrams import ORDERS
from trainer.data import split_images

_BITS = 15
_SIGMA = 6.0
# Captions that are encoded at once.
_PART = 1 << 16


def ngram_keys(tokens: tf.Tensor) -> tf.Tensor:
    """Numbers the runs of one to four tokens.

    Args:
      tokens: int32 [..., length], each below 2 ** 15; PAD only at the end.

    Returns:
      int64 [..., ORDERS, length]: for each order the run that begins at each
      place, unique over all orders; 0 where it would reach PAD or the end.
    """
    wide = tf.cast(tokens, tf.int64)
    length = tokens.shape[-1]
    keys, key, real = [], tf.zeros_like(wide), tf.ones_like(wide)
    for order in range(ORDERS):
        empty = tf.zeros_like(wide[..., :order])
        token = tf.concat([wide, empty], axis=-1)[..., order:]
        token = token[..., :length]
        real *= tf.cast(token != vocabulary_lib.PAD, tf.int64)
        key += token * (1 << _BITS * order)
        keys.append(key * real)
    return tf.stack(keys, axis=-2)


@dataclasses.dataclass(frozen=True)
class DocumentFrequencies:
    """In how many images' captions each run of tokens occurs.

    Attributes:
      keys: int64 [runs], ascending; see `ngram_keys`.
      counts: float32 [runs], images.
      images: images counted.
    """

    keys: np.ndarray
    counts: np.ndarray
    images: int

    @classmethod
    def of(cls, record_set: record_set_lib.RecordSet, max_length: int) -> Self:
        """Counts the train split.

        Args:
          record_set: with its vocabulary.
          max_length: tokens of a caption, END included.

        Raises:
          ValueError: the vocabulary has too many words for the keys.
        """
        words = record_set.vocabulary
        if len(words) > 1 << _BITS:
            raise ValueError(
                f"`SelfCritical` counts runs of {1 << _BITS:,} words at most, "
                f"got a vocabulary of {len(words):,}: raise --min_count"
            )
        images = record_set.num_images("train")
        captions = split_images.captions(record_set, "train", limit=images)
        owners = np.repeat(np.arange(images), [len(row) for row in captions])
        texts = [text for row in captions for text in row]
        pairs = [
            _runs(
                words,
                texts[at : at + _PART],
                owners[at : at + _PART],
                max_length,
            )
            for at in range(0, len(texts), _PART)
        ]
        # Captions of one image may lie in two parts.
        owner, keys = np.unique(np.concatenate(pairs, axis=1), axis=1)
        del owner
        found, counts = np.unique(keys, return_counts=True)
        return cls(found, counts.astype(np.float32), images)

    def weights(self, keys: tf.Tensor) -> tf.Tensor:
        """Inverse document frequencies in nats, float32, shaped as `keys`."""
        known = tf.constant(self.keys)
        place = tf.searchsorted(known, tf.reshape(keys, [-1]))
        place = tf.reshape(place, keys.shape)
        place = tf.minimum(place, len(self.keys) - 1)
        counts = tf.where(
            tf.gather(known, place) == keys,
            tf.gather(tf.constant(self.counts), place),
            1.0,
        )
        return tf.math.log(tf.cast(max(self.images, 1), tf.float32) / counts)


def _runs(
    words: vocabulary_lib.Vocabulary,
    texts: list[str],
    owners: np.ndarray,
    max_length: int,
) -> np.ndarray:
    """Image and key of each run of some captions, int64 [2, runs]."""
    keys = ngram_keys(words.encode(tf.constant(texts), max_length)).numpy()
    owner = np.broadcast_to(owners[:, None, None], keys.shape)
    return np.unique(np.stack([owner[keys > 0], keys[keys > 0]]), axis=1)


class _Runs(NamedTuple):
    """The runs of some captions, each type of run at its first place alone.

    Attributes:
      keys: int64 [images, captions, ORDERS, length].
      weights: float32, as `keys`: count times inverse document frequency; 0
        where it is not the first place.
      inverse: float32, as `keys`: inverse document frequency alone.
      norms: float32 [images, captions, ORDERS], of the weights.
      length: float32 [images, captions], tokens.
    """

    keys: tf.Tensor
    weights: tf.Tensor
    inverse: tf.Tensor
    norms: tf.Tensor
    length: tf.Tensor


@dataclasses.dataclass(frozen=True)
class CiderDReward:
    """CIDEr-D of samples against the references in a batch.

    Attributes:
      frequencies: of the train split.
    """

    frequencies: DocumentFrequencies

    def __call__(self, samples: tf.Tensor, references: tf.Tensor) -> tf.Tensor:
        """Scores the samples of each image.

        Args:
          samples: int32 [images, samples, length], END and then PAD at the end.
          references: int32 [images, captions, length of a caption]; one of PAD
            alone is missing.

        Returns:
          float32 [images, samples], 0 to 10; 0 without references.
        """
        own, others = self._runs(samples), self._runs(references)
        # Pairs side by side: TensorFlow compares no two tensors of rank 6 that
        # are broadcast along other axes each.
        every = [*samples.shape[:2], references.shape[1], ORDERS]
        here, there = (
            tf.broadcast_to(keys, [*every, keys.shape[-1]])
            for keys in (own.keys[:, :, None], others.keys[:, None])
        )
        same = here[..., :, None] == there[..., None, :]
        held = own.inverse[:, :, None] * _count(same)
        shared = tf.minimum(own.weights[:, :, None], held) * held
        scale = own.norms[:, :, None] * others.norms[:, None]
        cosines = tf.math.divide_no_nan(tf.reduce_sum(shared, -1), scale)
        excess = own.length[:, :, None] - others.length[:, None]
        penalty = tf.exp(-tf.square(excess) / (2 * _SIGMA**2))
        each = 10 * penalty * tf.reduce_mean(cosines, axis=-1)
        real = tf.cast(others.length > 0, tf.float32)[:, None]
        return tf.math.divide_no_nan(
            tf.reduce_sum(each * real, -1), tf.reduce_sum(real, -1)
        )

    def _runs(self, tokens: tf.Tensor) -> _Runs:
        keys = ngram_keys(tokens)
        same = keys[..., :, None] == keys[..., None, :]
        earlier = np.tri(tokens.shape[-1], k=-1, dtype=bool)
        repeats = tf.reduce_any(same & earlier, axis=-1)
        first = tf.cast((keys > 0) & ~repeats, tf.float32)
        inverse = self.frequencies.weights(keys) * first
        weights = inverse * _count(same)
        length = tf.reduce_sum(
            tf.cast(tokens != vocabulary_lib.PAD, tf.float32), axis=-1
        )
        return _Runs(keys, weights, inverse, tf.norm(weights, axis=-1), length)


_count = functools.partial(tf.math.count_nonzero, axis=-1, dtype=tf.float32)
