"""Captions of a split -> scores, each beside its floors."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from pipeline import grammar
from pipeline import manifest as manifest_lib
from pipeline.scoring import cider, constant, ngrams, tokens
from trainer import (
    dataset,
    floors,
    generator,
    metrics,
    split_images,
    train_step,
)

_TRAIN_SAMPLE = 6000
"""Train images whose captions the constant caption is chosen from."""

_RATED_IMAGES = 1000
"""Of these, images that candidates are rated on: fewer give a noisy floor."""

Truth = dict[str, grammar.Scene]


class OverlapScorer:
    """CIDEr-D and BLEU-4 of one caption per image, in a fixed order."""

    def __init__(self, references: Sequence[Sequence[ngrams.Tokens]]):
        """Indexes the references once; many captions are scored by them."""
        self._references = references
        self._index = cider.ReferenceIndex.from_references(references)

    def __call__(self, captions: Sequence[ngrams.Tokens]) -> dict[str, float]:
        """Returns `cider_d` (0.45 is printed as 45) and `bleu_4`, 0 to 1."""
        bleu = metrics.Bleu.from_captions(captions, self._references)
        return {
            "cider_d": float(self._index.scores(captions).mean()),
            "bleu_4": bleu.compute()["bleu_4"],
        }

    def of_each(self, captions: Sequence[ngrams.Tokens]) -> list[float]:
        """Returns each image's CIDEr-D."""
        return [float(score) for score in self._index.scores(captions)]


class TruthScorer:
    """Attribute precision and recall where the true scenes are known."""

    def __init__(
        self, scenes: Sequence[grammar.Scene], references: Sequence[list[str]]
    ):
        """Keeps the scenes in the order of the captions."""
        self._scenes, self._references = scenes, references

    def __call__(self, captions: Sequence[ngrams.Tokens]) -> dict[str, float]:
        """Returns `attribute_precision` and `attribute_recall`, 0 to 1."""
        counts = grammar.AttributeCounts()
        for caption, scene, references in zip(
            captions, self._scenes, self._references, strict=True
        ):
            counts += grammar.AttributeCounts.from_caption(
                " ".join(caption), scene, references=references
            )
        return {
            "attribute_precision": counts.precision,
            "attribute_recall": counts.recall,
        }


def _words(rows: Sequence[generator.CaptionedExample]) -> list[list[str]]:
    return [tokens.ptb_tokens(row.caption.text) for row in rows]


def _reference_words(
    captions: Sequence[Sequence[str]],
) -> list[list[list[str]]]:
    return [[tokens.ptb_tokens(text) for text in row] for row in captions]


def _repetition(captions: Sequence[ngrams.Tokens]) -> dict[str, float]:
    return {
        "mode_share": metrics.mode_share(captions),
        "collision_probability": metrics.collision_probability(captions),
    }


@dataclasses.dataclass(frozen=True)
class Validation:
    """What is measured every so often while training.

    Attributes:
      record_set: where the images are.
      data: the validation split's batches.
      split: its name.
      num_images: captioned each time.
      loss_of_split: measures the teacher-forced loss.
      generator: captions.
    """

    record_set: manifest_lib.RecordSet
    data: dataset.CaptionDataset
    split: str
    num_images: int
    loss_of_split: train_step.LossOfSplit
    generator: generator.CaptionGenerator

    def __call__(self) -> dict[str, float]:
        """The split's loss, and scores of its first images' captions."""
        examples = list(
            generator.caption_split(
                self.generator,
                self.record_set,
                self.split,
                limit=self.num_images,
            )
        )
        references = _reference_words([row.references for row in examples])
        captions = _words(examples)
        return {
            "loss": self.loss_of_split.measure(self.data),
            **OverlapScorer(references)(captions),
            **_repetition(captions),
        }


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a split's captions show.

    Attributes:
      split: its name.
      examples: every image's caption beside its references.
      constant: the best constant caption, by CIDEr-D on train.
      scores: metric -> the captioner's value and its floors.
      repetition: `mode_share` and `collision_probability`.
      reference_repetition: the same of the references, first of each image.
      loss: teacher-forced, nats per token.
      looks: whether the captioner looks at the image.
      verdict: the same in one line, with the evidence.
    """

    split: str
    examples: list[generator.CaptionedExample]
    constant: str
    scores: dict[str, floors.Score]
    repetition: dict[str, float]
    reference_repetition: dict[str, float]
    loss: float
    looks: bool
    verdict: str


def evaluate(
    record_set: manifest_lib.RecordSet,
    data: dataset.CaptionDataset,
    *,
    split: str,
    generator_: generator.CaptionGenerator,
    loss_of_split: train_step.LossOfSplit,
    truth: Truth | None,
) -> Evaluation:
    """Captions every image of a split once and scores the captions.

    Args:
      record_set: where the images are.
      data: the split's batches, made with `shuffle=False`.
      split: its name.
      generator_: captions.
      loss_of_split: measures the teacher-forced loss.
      truth: image id -> scene, for synthetic data.

    Raises:
      RecordSetError: no such split, or an image that `truth` does not know.
    """
    examples = list(generator.caption_split(generator_, record_set, split))
    captions = _words(examples)
    references = _reference_words([row.references for row in examples])
    overlap = OverlapScorer(references)
    scorers: list[floors.Scorer] = [overlap]
    if truth is not None:
        scenes = _scenes(examples, truth)
        scorers.append(
            TruthScorer(scenes, [row.references for row in examples])
        )
    train = _reference_words(
        split_images.captions(record_set, "train", limit=_TRAIN_SAMPLE)
    )
    constants = _constants(train)
    firsts = _repetition([row[0] for row in references])
    own, counts = loss_of_split.per_image(data)
    other, _ = loss_of_split.per_image(data, swap_images=True)
    evidence = _evidence((other - own) / counts, overlap, captions, firsts)
    return Evaluation(
        split=split,
        examples=examples,
        constant=" ".join(constants[0]),
        scores=floors.floor_table(
            captions, constants=constants, scorers=scorers, seed=0
        ),
        repetition=_repetition(captions),
        reference_repetition=firsts,
        loss=float(own.sum() / counts.sum()),
        looks=min(evidence.loss_z, evidence.score_z) > floors.SIGNIFICANT_Z,
        verdict=floors.verdict(evidence),
    )


def _scenes(
    examples: Sequence[generator.CaptionedExample], truth: Truth
) -> list[grammar.Scene]:
    unknown = [row.image_id for row in examples if row.image_id not in truth]
    if unknown:
        raise manifest_lib.RecordSetError(
            f"the truth file does not know image {unknown[0]!r}: it belongs "
            "to another data set (evaluate.truth)"
        )
    return [truth[row.image_id] for row in examples]


def _constants(
    references: list[list[list[str]]],
) -> list[ngrams.Tokens]:
    """The best constant captions by CIDEr-D and by BLEU-4."""
    captions = [caption for row in references for caption in row]
    return [
        constant.best_constant_caption(
            captions, references, seed=0, rate=rate, images=_RATED_IMAGES
        )
        for rate in (constant.cider_d_of_each, floors.bleu_4_of_each)
    ]


def _evidence(
    loss_rises: np.ndarray,
    overlap: OverlapScorer,
    captions: list[list[str]],
    human: dict[str, float],
) -> floors.Evidence:
    """From each image's rise in loss, float [images], and its captions."""
    error = loss_rises.std(ddof=1) / np.sqrt(len(loss_rises))
    repetition = _repetition(captions)
    return floors.Evidence(
        loss_gap=float(loss_rises.mean()),
        loss_gap_error=float(error),
        own=overlap.of_each(captions),
        swapped=overlap.of_each(floors.shuffled(captions, seed=0)),
        mode_share=repetition["mode_share"],
        collision=repetition["collision_probability"],
        training_mode_share=human["mode_share"],
        training_collision=human["collision_probability"],
    )
