"""Records as they lie on the disk -> what is measured of them."""

import collections
import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from pipeline.card import data_card, wrong_pairs
from pipeline.card import facts as facts_lib
from pipeline.encoders import encoder as encoder_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from pipeline.scoring import repetition
from trainer.data import split_images
from trainer.data.batching import Batching
from trainer.diagnosis import pairing, stored_grids
from trainer.diagnosis.evidence import Data

_PAIRED_IMAGES = 1500
_CAPTIONED_IMAGES = 200
_ENCODED_IMAGES = 128
# Two grids whose centred features have this cosine are the same picture's.
_SAME = 0.999


def measure(
    record_set: record_set_lib.RecordSet,
    batching: Batching,
    split: str,
    encoder: encoder_lib.Encoder | None,
) -> Data:
    """Measures the records; what they lack comes from the data card.

    Args:
      record_set: what a run was trained on.
      batching: how captions are cut.
      split: what the run was validated on.
      encoder: that made the grids; None to leave out what needs it.
    """
    read = _read(record_set)
    sample = read.sample
    found = pairing.measure(sample)
    texts = [text for row in sample.words for text in row]
    mode = _mode(texts)
    facts = _facts(record_set)
    floors, ladder = (facts.floors, facts.ladder) if facts else (None, None)
    held_out = split_images.captions(record_set, split, limit=_CAPTIONED_IMAGES)
    encoded = [
        _encoded(record_set.vocabulary, captions, batching.max_length)
        for captions in (sample.captions, list(held_out))
    ]
    drawn = [
        min(len(row), batching.captions_per_image) for row in sample.captions
    ]
    return Data(
        images=record_set.num_images("train"),
        sampled=len(sample.image_ids),
        captions=len(texts),
        pairing_z=found.z,
        lag=found.best_lag,
        lag_z=found.lags[found.best_lag],
        dispersion=read.dispersion,
        untrained=encoder is None
        and encoder_lib.is_noise(record_set.manifest.encoder),
        deviation=read.deviation,
        alike=float((sample.cosines.max(axis=1) > _SAME).mean()),
        unknown=dict(
            zip(("train", split), map(_unknown, encoded), strict=True)
        ),
        own_words=_own_words(sample.words),
        mode_share=repetition.mode_share(texts),
        collision=repetition.collision_probability(texts),
        mode=" ".join(mode),
        mode_images=sum(mode in row for row in sample.words)
        / len(sample.words),
        cut=float((encoded[0] != vocabulary_lib.END).all(axis=1).mean()),
        drawn=float(np.mean(drawn)),
        tokens=_tokens(encoded[0], list(map(len, sample.captions)), drawn),
        ladder={
            rung: getattr(ladder, rung)
            for rung in ("uniform", "unigram", "bigram", "trigram")
            if ladder
        },
        human=floors.human if floors else None,
        grids=stored_grids.measure(record_set, split, encoder, _ENCODED_IMAGES)
        if encoder
        else None,
        pairs=wrong_pairs.rank(sample.words, sample.pooled).facts(),
    )


def _facts(record_set: record_set_lib.RecordSet) -> facts_lib.Facts | None:
    """What the data card says; None without one."""
    try:
        return data_card.load(record_set.path, record_set_lib.TENSORFLOW).facts
    except data_card.DataCardError:
        return None


@dataclasses.dataclass(frozen=True)
class _Read:
    """Train images as they lie in the records.

    Attributes:
      sample: to compare captions with.
      dispersion: variance between images over all variance of the grids.
      deviation: square root of a feature's variance.
    """

    sample: pairing.Sample
    dispersion: float
    deviation: float


def _read(record_set: record_set_lib.RecordSet) -> _Read:
    """Reads train images, a whole split where it is small."""
    ids: list[str] = []
    captions: list[list[str]] = []
    pooled, squares = [], []
    for batch in split_images.batches(
        record_set, "train", batch_images=32, limit=_PAIRED_IMAGES
    ):
        ids += batch.image_ids
        captions += batch.captions
        grid = batch.real_grids
        pooled.append(grid.mean(axis=1))
        squares.append(np.square(grid, dtype=np.float32).mean(axis=1))
    means = np.concatenate(pooled).astype(np.float64)
    power = np.concatenate(squares).astype(np.float64).mean(axis=0)
    whole = float((power - np.square(means.mean(axis=0))).mean())
    return _Read(
        pairing.Sample(ids, captions, np.concatenate(pooled)),
        float(means.var(axis=0).mean()) / whole if whole > 0 else 0.0,
        float(np.sqrt(max(whole, 0.0))),
    )


def _mode(texts: Sequence[Sequence[str]]) -> list[str]:
    """The words of the most frequent caption."""
    counts = collections.Counter(map(tuple, texts))
    return list(counts.most_common(1)[0][0]) if counts else []


def _own_words(images: Sequence[Sequence[Sequence[str]]]) -> float:
    """Share of the words that stand in the captions of one image alone."""
    counts = [
        collections.Counter(itertools.chain(*captions)) for captions in images
    ]
    having = collections.Counter(itertools.chain(*counts))
    own = sum(
        times
        for count in counts
        for word, times in count.items()
        if having[word] == 1
    )
    return own / max(sum(count.total() for count in counts), 1)


def _encoded(
    words: vocabulary_lib.Vocabulary,
    captions: Sequence[Sequence[str]],
    length: int,
) -> np.ndarray:
    """Tokens of the captions of some images, int32 [captions, length]."""
    texts = [text for row in captions for text in row]
    ids: np.ndarray = words.encode(tf.constant(texts), length).numpy()
    return ids


def _tokens(
    ids: np.ndarray, counts: Sequence[int], drawn: Sequence[int]
) -> float:
    """Mean tokens of a caption, as batches draw them.

    Args:
      ids: int32 [captions, length].
      counts: captions of each image, in the same order.
      drawn: captions of each image that a batch holds.
    """
    lengths = (ids != vocabulary_lib.PAD).sum(axis=1)
    image = np.repeat(np.arange(len(counts)), counts)
    sums = np.bincount(image, lengths, len(counts))
    means = sums / np.maximum(counts, 1)
    return float(np.average(means, weights=drawn))


def _unknown(ids: np.ndarray) -> float:
    """Share of UNK among the words."""
    words = (ids != vocabulary_lib.PAD) & (ids != vocabulary_lib.END)
    return float((ids == vocabulary_lib.UNK).sum() / max(words.sum(), 1))
