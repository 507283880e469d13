"""A case -> evidence: every measurement, cheap ones first."""

import collections
import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.card import data_card
from pipeline.card import facts as facts_lib
from pipeline.encoders import encoder as encoder_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from pipeline.scoring import ptb_tokens, repetition
from trainer.data import batches as batches_lib
from trainer.data import split_images
from trainer.data.batching import Batching
from trainer.decoding import caption as caption_lib
from trainer.decoding import generator as generator_lib
from trainer.decoding import step as step_lib
from trainer.diagnosis import pairing, path_swaps, said, wiring
from trainer.diagnosis.case import Case
from trainer.diagnosis.evidence import (
    Data,
    Estimate,
    Evidence,
    Learning,
    Looks,
)
from trainer.evaluation import split_loss

_LOG = logging.getLogger(__name__)
_SWAPPED_IMAGES = 128
_CAPTIONED_IMAGES = 200
_PAIRED_IMAGES = 1500
_ENCODED_IMAGES = 64
# Two grids whose centred features have this cosine are the same picture's.
_SAME = 0.999
# A caption that fits most others better than its own image is a wrong one.
_MOST = 0.5


def examine(
    case: Case, *, batching: Batching, decoder: step_lib.Decoder, split: str
) -> tuple[Evidence, list[caption_lib.CaptionedExample]]:
    """Measures all that needs no training.

    Args:
      case: the run.
      batching: as the configuration gives it.
      decoder: as the configuration gives it.
      split: what the run was validated on.

    Returns:
      The evidence, and captioned images of the split.
    """
    record_set = case.record_set
    _LOG.info("reading the records")
    data = _data(record_set, batching, split)
    validation = train = replayed = None
    captioned = captioned_train = disordered = None
    examples: list[caption_lib.CaptionedExample] = []
    if case.step is not None:
        _LOG.info("swapping images between captions")
        validation, train = (
            _looks(case, batching, each) for each in (split, "train")
        )
        replayed = split_loss.LossOfSplit(
            strategy=tf.distribute.get_strategy(), captioner=case.captioner
        ).measure(
            batches_lib.CaptionDataset(
                record_set, split, batching, shuffle=False
            )
        )
        _LOG.info("captioning")
        generator = generator_lib.CaptionGenerator(
            case.captioner, case.words, decoder
        )
        limit = decoder.settings["max_length"]
        examples = _captioned(generator, record_set, split)
        captioned = said.measure(examples, limit)
        captioned_train = said.measure(
            _captioned(generator, record_set, "train"), limit
        )
        disordered = _disordered(generator, record_set, split)
    evidence = Evidence(
        run_dir=case.run_dir,
        strange=case.strange,
        settings=dataclasses.asdict(case.identity),
        step=case.step,
        learning=_learning(case),
        validation=validation,
        train=train,
        said=captioned,
        said_train=captioned_train,
        disordered=disordered,
        data=data,
        replayed=replayed,
    )
    return evidence, examples


def _captioned(
    generator: generator_lib.CaptionGenerator,
    record_set: record_set_lib.RecordSet,
    split: str,
) -> list[caption_lib.CaptionedExample]:
    return list(
        generator_lib.caption_split(
            generator, record_set, split, limit=_CAPTIONED_IMAGES
        )
    )


def _estimate(values: np.ndarray) -> Estimate:
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0
    return Estimate(float(values.mean()), float(error))


def _looks(case: Case, batching: Batching, split: str) -> Looks | None:
    """Swaps images, where the split has two at least."""
    data = batches_lib.CaptionDataset(
        case.record_set, split, batching, shuffle=False
    )
    batch = data.first_images(_SWAPPED_IMAGES)
    if len(batch["grid"]) < 2:
        return None
    swaps = path_swaps.measure(case.captioner, batch)
    return Looks(
        images=len(swaps.own),
        loss=_estimate(swaps.own),
        rises={path: _estimate(rise) for path, rise in swaps.rises.items()},
        rules={rule: _estimate(loss) for rule, loss in swaps.rules.items()},
        wrong=float((swaps.worse > _MOST).mean()),
        worse=float(swaps.worse.mean()),
    )


def _disordered(
    generator: generator_lib.CaptionGenerator,
    record_set: record_set_lib.RecordSet,
    split: str,
) -> float:
    """Share of captions that differ if their batch is turned round."""
    rows = generator.decoder.batch_images
    batch = next(split_images.batches(record_set, split, batch_images=rows))
    count = len(batch.image_ids)
    grid = batch.grid[:count]
    turned = tf.reverse(grid, [0])
    fill = [[0, rows - count], [0, 0], [0, 0]]
    first, second = (
        [each.text for each in generator.captions(tf.pad(g, fill), count)]
        for g in (grid, turned)
    )
    differ = [a != b for a, b in zip(first, second[::-1], strict=True)]
    return sum(differ) / count


def _learning(case: Case) -> Learning | None:
    """Sums the log up."""
    rows = [row for row in case.rows if "train/loss" in row]
    if not rows:
        return None
    losses = [row["train/loss"] for row in rows]
    judged = [
        (row["step"], row["validation/loss"])
        for row in case.rows
        if "validation/loss" in row
    ]
    third = losses[-max(len(losses) // 3, 1) :]
    middle = -(-len(third) // 2)
    falling = float(np.mean(third[:middle]) - np.mean(third[-middle:]))
    validated = [loss for _, loss in judged]
    images = case.record_set.num_images("train")
    optimizer, batching = case.identity.optimizer, case.identity.batching
    return Learning(
        step=rows[-1]["step"],
        planned=optimizer.get("decay_steps"),
        first_loss=losses[0],
        last_loss=float(np.mean(losses[-3:])),
        logged_loss=dict(judged).get(case.step),
        logged_cider_d=next(
            (
                row.get("validation/cider_d")
                for row in case.rows
                if row["step"] == case.step and "validation/loss" in row
            ),
            None,
        ),
        best_loss=min(validated, default=None),
        end_loss=validated[-1] if validated else None,
        falling=falling,
        spikes=rows[-1].get("train/spikes", 0.0),
        skipped=rows[-1].get("train/skipped", 0.0),
        tokens=_tokens(rows),
        rate=optimizer["learning_rate"],
        passes=rows[-1]["step"] * batching["batch_images"] / max(images, 1),
    )


def _tokens(rows: Sequence[dict[str, Any]]) -> float:
    """Tokens of an update, by the first row."""
    return float(rows[0]["train/tokens"] / max(rows[0]["step"], 1))


def _data(
    record_set: record_set_lib.RecordSet, batching: Batching, split: str
) -> Data:
    """Measures the records; what they lack comes from the data card."""
    read = _read(record_set)
    found = pairing.measure(read.sample)
    rows = [
        [" ".join(ptb_tokens.ptb_tokens(text)) for text in row]
        for row in read.sample.captions
    ]
    texts = [text.split() for row in rows for text in row]
    mode = _mode(texts)
    facts = _facts(record_set)
    floors, ladder = (facts.floors, facts.ladder) if facts else (None, None)
    encoded = [
        _encoded(record_set, each, batching.max_length)
        for each in ("train", split)
    ]
    return Data(
        images=record_set.num_images("train"),
        captions=len(texts),
        pairing_z=found.z,
        card_z=floors.pairing_z if floors else None,
        lag=found.best_lag,
        lag_z=found.lags[found.best_lag],
        dispersion=read.dispersion,
        deviation=read.deviation,
        alike=_alike(read.sample.pooled),
        unknown=dict(
            zip(("train", split), map(_unknown, encoded), strict=True)
        ),
        mode_share=repetition.mode_share(texts),
        collision=repetition.collision_probability(texts),
        mode=mode,
        mode_images=sum(mode in row for row in rows) / len(rows),
        cut=float((encoded[0] != vocabulary_lib.END).all(axis=1).mean()),
        ladder={
            rung: getattr(ladder, rung)
            for rung in ("uniform", "unigram", "bigram", "trigram")
            if ladder
        },
        human=floors.human if floors else None,
        nearest=floors.nearest if floors else None,
        stale=_stale(record_set, split),
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
        grid = np.asarray(batch.grid[: len(batch.image_ids)], np.float32)
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


def _alike(pooled: np.ndarray) -> float:
    """Share of the images whose grid is that of another."""
    centred = pooled - pooled.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.maximum(lengths, 1e-12)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1.0)
    return float((cosines.max(axis=1) > _SAME).mean())


def _mode(texts: Sequence[Sequence[str]]) -> str:
    counts = collections.Counter(" ".join(text) for text in texts)
    return counts.most_common(1)[0][0] if counts else ""


def _encoded(
    record_set: record_set_lib.RecordSet, split: str, length: int
) -> np.ndarray:
    """Tokens of some captions of a split, int32 [captions, length]."""
    rows = split_images.captions(record_set, split, limit=_CAPTIONED_IMAGES)
    texts = [text for row in rows for text in row]
    ids: np.ndarray = record_set.vocabulary.encode(
        tf.constant(texts), length
    ).numpy()
    return ids


def _unknown(ids: np.ndarray) -> float:
    """Share of UNK among the words."""
    words = (ids != vocabulary_lib.PAD) & (ids != vocabulary_lib.END)
    return float((ids == vocabulary_lib.UNK).sum() / max(words.sum(), 1))


def _stale(record_set: record_set_lib.RecordSet, split: str) -> float | None:
    """Share of the images whose grid is nearer to most other thumbnails.

    None without thumbnails, or with another encoder than the shipped one.
    """
    manifest = record_set.manifest
    if (
        manifest.encoder["architecture"] != encoder_lib.DEFAULT
        or not manifest.settings["thumbnail_side"]
    ):
        return None
    encoder = encoder_lib.load_encoder()
    if encoder.fingerprint["weights"] != manifest.encoder["weights"]:
        return None
    images = next(
        split_images.batches(
            record_set,
            split,
            batch_images=_ENCODED_IMAGES,
            limit=_ENCODED_IMAGES,
        )
    )
    nearer = wiring.nearer_to_own(images, encoder)
    return float((nearer < _MOST).mean()) if nearer is not None else None
