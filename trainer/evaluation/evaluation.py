"""Captions a split, scores the captions beside their floors, judges them."""

import dataclasses
from collections.abc import Sequence

from pipeline.recordset import record_set as record_set_lib
from pipeline.scoring import cider, constant_caption, novelty
from pipeline.scoring import metric as metric_lib
from trainer.data import batches, split_images
from trainer.decoding import caption as caption_lib
from trainer.decoding import generator
from trainer.evaluation import baselines, estimate, split_loss
from trainer.evaluation import scorers as scorers_lib
from trainer.evaluation import signature as signature_lib
from trainer.evaluation import verdict as verdict_lib

_CIDER_D = cider.CiderDMetric()
_TRAIN_SAMPLE = 6000
"""Train images whose captions are the candidates for a constant caption."""


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a split's captions show.

    Attributes:
      split: the split's name.
      examples: every image's caption beside its references.
      metrics: what the captions were scored by.
      constant: the best constant caption, by CIDEr-D on train.
      scores: metric name -> the captioner's value and its floors.
      repetition: `mode_share` and `collision_probability`.
      reference_repetition: the same for the first reference of each image.
      loss: teacher-forced, in nats per token.
      swap_gap: nats per token that the loss rises by when each image's grid is
        swapped for another's, mean over the images.
      looks: whether the captioner looks at the image; None if too few tell.
      verdict: one line that says so and gives the evidence.
      signature: how the scores were made.
    """

    split: str
    examples: list[caption_lib.CaptionedExample]
    metrics: list[metric_lib.Metric]
    constant: str
    scores: dict[str, baselines.Score]
    repetition: dict[str, float]
    reference_repetition: dict[str, float]
    loss: float
    swap_gap: estimate.Estimate
    looks: bool | None
    verdict: str
    signature: str


def evaluate(
    record_set: record_set_lib.RecordSet,
    data: batches.CaptionDataset,
    *,
    split: str,
    generator_: generator.CaptionGenerator,
    loss_of_split: split_loss.LossOfSplit,
    metrics: Sequence[metric_lib.Metric],
    truth: scorers_lib.Truth | None,
) -> Evaluation:
    """Captions every image of a split once and scores the captions.

    Args:
      record_set: holds the images.
      data: the split's batches, made with `shuffle=False`.
      split: the split's name.
      generator_: makes the captions.
      loss_of_split: measures the teacher-forced loss.
      metrics: score the captions, beside the usual ones.
      truth: image id -> scene, for synthetic data, or None.

    Raises:
      RecordSetError: no such split.
      TruthError: an image that `truth` does not know.
      ValueError: the split has one image.
    """
    if record_set.num_images(split) < 2:
        raise ValueError(
            f"split {split!r} has one image: captions are judged against those "
            "of other images, so that two are needed at least"
        )
    examples = list(generator.caption_split(generator_, record_set, split))
    corpus = scorers_lib.Corpus(examples)
    captions, references = corpus.captions, corpus.references
    sample = split_images.captions(record_set, "train", limit=_TRAIN_SAMPLE)
    trained = metric_lib.References((), list(sample)).words
    constants = baselines.best_constants(trained)
    measured = _measured(metrics, trained, truth)
    firsts = scorers_lib.repetition([row[0] for row in references.words])
    own, counts = loss_of_split.per_image(data)
    other, _ = loss_of_split.per_image(data, swap_images=True)
    gap = estimate.Estimate.of((other - own) / counts)
    evidence = _evidence(gap, _CIDER_D.against(references), captions, firsts)
    return Evaluation(
        split=split,
        examples=examples,
        metrics=measured,
        constant=" ".join(constants[0]),
        scores=baselines.floor_table(
            captions,
            references,
            constants=constants,
            metrics=measured,
            seed=0,
        ),
        repetition=scorers_lib.repetition(captions),
        reference_repetition=firsts,
        loss=float(own.sum() / counts.sum()),
        swap_gap=gap,
        looks=evidence.looks,
        verdict=verdict_lib.verdict(evidence),
        signature=signature_lib.signature(references),
    )


def _measured(
    metrics: Sequence[metric_lib.Metric],
    trained: constant_caption.References,
    truth: scorers_lib.Truth | None,
) -> list[metric_lib.Metric]:
    """Metrics that were asked for, the usual ones, and those that data allow.

    Args:
      metrics: that were asked for.
      trained: captions of each of some train images, as words.
      truth: image id -> scene, or None.
    """
    known = frozenset(tuple(caption) for row in trained for caption in row)
    found = [*scorers_lib.with_usual(metrics), novelty.NoveltyMetric(known)]
    if truth is not None:
        found += scorers_lib.statement_metrics(truth)
    return found


def _evidence(
    gap: estimate.Estimate,
    cider_d: metric_lib.Scorer,
    captions: list[list[str]],
    human: dict[str, float],
) -> verdict_lib.Evidence:
    """Gathers what the verdict judges by.

    Args:
      gap: see `Evaluation.swap_gap`.
      cider_d: for the images' references.
      captions: each image's caption as words.
      human: the repetition of the references.
    """
    repetition = scorers_lib.repetition(captions)
    return verdict_lib.Evidence(
        loss_gap=gap.mean,
        loss_gap_error=gap.error,
        own=cider_d.each(captions),
        swapped=cider_d.each(baselines.shuffled(captions, seed=0)),
        mode_share=repetition["mode_share"],
        collision=repetition["collision_probability"],
        training_mode_share=human["mode_share"],
        training_collision=human["collision_probability"],
    )
