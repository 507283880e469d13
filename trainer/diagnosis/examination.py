"""A case -> evidence: every measurement, cheap ones first."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.encoders import encoder as encoder_lib
from pipeline.recordset import record_set as record_set_lib
from trainer.data import batches as batches_lib
from trainer.data import split_images
from trainer.data.batching import Batching
from trainer.decoding import around
from trainer.decoding import caption as caption_lib
from trainer.decoding import generator as generator_lib
from trainer.decoding import step as step_lib
from trainer.diagnosis import path_swaps, record_facts, said
from trainer.diagnosis.case import Case
from trainer.diagnosis.evidence import Evidence, Learning, Looks
from trainer.evaluation import scorers, split_loss
from trainer.evaluation.estimate import Estimate

_LOG = logging.getLogger(__name__)
_SWAPPED_IMAGES = 128
_CAPTIONED_IMAGES = 200
_RATE = "train/learning_rate"


def examine(
    case: Case,
    *,
    batching: Batching,
    decoder: step_lib.Decoder,
    split: str,
    encoder: encoder_lib.Encoder | None,
) -> tuple[Evidence, list[caption_lib.CaptionedExample]]:
    """Measures all that needs no training.

    Args:
      case: the run.
      batching: as the configuration gives it.
      decoder: as the configuration gives it.
      split: what the run was validated on.
      encoder: that made the grids; None to leave out what needs it.

    Returns:
      The evidence, and captioned images of the split.
    """
    _LOG.info("reading the records, and swapping images between captions")
    evidence = early(case, batching=batching, split=split, encoder=encoder)
    if case.step is None:
        return evidence, []
    record_set = case.record_set
    replayed = split_loss.LossOfSplit(
        strategy=tf.distribute.get_strategy(), captioner=case.captioner
    ).measure(
        batches_lib.CaptionDataset(record_set, split, batching, shuffle=False)
    )
    _LOG.info("captioning")
    generator = generator_lib.CaptionGenerator(
        case.captioner, case.words, decoder
    )
    examples = list(
        generator_lib.caption_split(
            generator, record_set, split, limit=_CAPTIONED_IMAGES
        )
    )
    evidence = dataclasses.replace(
        evidence,
        train=_looks(case, batching, "train"),
        said=said.measure(
            scorers.Corpus(examples),
            around.innermost(decoder).settings.get("max_length"),
        ),
        disordered=_disordered(generator, record_set, split),
        replayed=replayed,
    )
    return evidence, examples


def early(
    case: Case,
    *,
    batching: Batching,
    split: str,
    encoder: encoder_lib.Encoder | None,
    captioned: said.Said | None = None,
) -> Evidence:
    """Measures what takes seconds, also of a run that is in training.

    Args:
      case: the run, with its captioner as it is now.
      batching: the run's own.
      split: what the run is validated on.
      encoder: that made the grids; None to leave out what needs it.
      captioned: what the captioner says of its images now; None if unknown.
    """
    return Evidence(
        run_dir=case.run_dir,
        records=case.record_set.path,
        captioner=type(case.captioner).__name__,
        decoder=case.decoder,
        strange=case.strange,
        own=case.own,
        settings=dataclasses.asdict(case.identity),
        step=case.step,
        learning=_learning(case),
        validation=_looks(case, batching, split),
        said=captioned,
        data=record_facts.measure(case.record_set, batching, split, encoder),
    )


def _looks(case: Case, batching: Batching, split: str) -> Looks | None:
    """Swaps images, where there are weights and the split has two images."""
    if case.step is None:
        return None
    data = batches_lib.CaptionDataset(
        case.record_set, split, batching, shuffle=False
    )
    batch = data.first_images(_SWAPPED_IMAGES)
    if len(batch["grid"]) < 2:
        return None
    swaps = path_swaps.measure(case.captioner, batch)
    return Looks(
        images=len(swaps.own),
        attends=swaps.attends,
        loss=Estimate.of(swaps.own),
        rises={path: Estimate.of(rise) for path, rise in swaps.rises.items()},
        rules={rule: Estimate.of(loss) for rule, loss in swaps.rules.items()},
    )


def _disordered(
    generator: generator_lib.CaptionGenerator,
    record_set: record_set_lib.RecordSet,
    split: str,
) -> float:
    """Share of captions that differ at other places, beside other images.

    The first half of a batch is captioned again, backwards and forwards, with
    none of the other half beside it.
    """
    rows = generator.decoder.batch_images
    batch = next(split_images.batches(record_set, split, batch_images=rows))
    count = max(min(len(batch.image_ids), rows // 2), 1)
    grid = batch.grid[:count]
    twice = tf.concat([tf.reverse(grid, [0]), grid], axis=0)[:rows]
    missing = rows - len(twice)
    first = _texts(generator, batch.grid, count)
    again = _texts(
        generator, tf.pad(twice, [[0, missing], [0, 0], [0, 0]]), len(twice)
    )
    # An image that is alone in each batch has no third caption, nor others.
    sides = zip(first, again[:count][::-1], again[count:], strict=False)
    return sum(len(set(side)) > 1 for side in sides) / count


def _texts(
    generator: generator_lib.CaptionGenerator, grid: tf.Tensor, count: int
) -> list[str]:
    return [each.text for each in generator.captions(grid, count)]


def _learning(case: Case) -> Learning | None:
    """Sums the log up."""
    rows = [row for row in case.rows if "train/loss" in row]
    if not rows:
        return None
    losses = [row["train/loss"] for row in rows]
    judged = [row for row in case.rows if "validation/loss" in row]
    there: dict[str, Any] = next(
        (row for row in judged if row["step"] == case.step), {}
    )
    validated = [row["validation/loss"] for row in judged]
    rates = [row[_RATE] for row in rows if _RATE in row]
    images = case.record_set.num_images("train")
    batch = case.identity.batching["batch_images"]
    return Learning(
        step=rows[-1]["step"],
        first_loss=losses[0],
        last_loss=float(np.mean(losses[-3:])),
        logged_loss=there.get("validation/loss"),
        logged_cider_d=there.get("validation/cider_d"),
        logged_gap=there.get("validation/swap_gap"),
        best_loss=min(validated, default=None),
        end_loss=validated[-1] if validated else None,
        rate=float(np.median(rates)) if rates else None,
        skipped=rows[-1].get("train/skipped", 0.0),
        tokens=_tokens(rows),
        passes=rows[-1]["step"] * batch / max(images, 1),
    )


def _tokens(rows: Sequence[dict[str, Any]]) -> float:
    """Tokens of an update, by the first row."""
    return float(rows[0]["train/tokens"] / max(rows[0]["step"], 1))
