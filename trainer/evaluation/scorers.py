"""Captions and references -> scores."""

import dataclasses
import math
from collections.abc import Iterator, Sequence

from pipeline.scenes import judge
from pipeline.scenes import truth as truth_lib
from pipeline.scoring import metric, ngrams, ptb_tokens
from pipeline.scoring import repetition as repetition_lib
from trainer.decoding import caption as caption_lib

Truth = dict[str, truth_lib.Scene]


class TruthError(ValueError):
    """A truth file of another data set."""


@dataclasses.dataclass(frozen=True)
class StatementMetric:
    """How many statements of captions are true, where the scenes are known.

    Attributes:
      name: `attribute_precision` or `attribute_recall`.
      label: for people.
      definition: what it measures.
      truth: image id -> scene.
    """

    name: str
    label: str
    definition: str
    truth: Truth
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: metric.References) -> "StatementScorer":
        """Finds the scenes of the images.

        Raises:
          TruthError: an image that `truth` does not know.
        """
        return StatementScorer(
            "precision" if self.name == "attribute_precision" else "recall",
            scenes(references.image_ids, self.truth),
            references.texts,
        )


@dataclasses.dataclass(frozen=True)
class StatementScorer:
    """Precision or recall, 0 to 1, against scenes and references."""

    value: str
    scenes: Sequence[truth_lib.Scene]
    references: Sequence[Sequence[str]]

    def corpus(self, captions: Sequence[ngrams.Tokens]) -> float:
        """Of all statements of all captions."""
        counts = judge.AttributeCounts()
        for each in self._counts(captions):
            counts += each
        return float(getattr(counts, self.value))

    def each(self, captions: Sequence[ngrams.Tokens]) -> list[float]:
        """Of the statements of each caption."""
        counted = self._counts(captions)
        return [float(getattr(each, self.value)) for each in counted]

    def _counts(
        self, captions: Sequence[ngrams.Tokens]
    ) -> Iterator[judge.AttributeCounts]:
        for caption, scene, references in zip(
            captions, self.scenes, self.references, strict=True
        ):
            yield judge.AttributeCounts.from_caption(
                " ".join(caption), scene, references=references
            )


def statement_metrics(truth: Truth) -> tuple[StatementMetric, ...]:
    """Precision and recall of attributes."""
    return (
        StatementMetric(
            "attribute_precision",
            "Attribute precision",
            "Share of the attributes and relations that a caption states which "
            "hold in the image.",
            truth,
        ),
        StatementMetric(
            "attribute_recall",
            "Attribute recall",
            "Share of the objects that people name which the caption names "
            "right, with no false attribute.",
            truth,
        ),
    )


def references_of(
    examples: Sequence[caption_lib.CaptionedExample],
) -> metric.References:
    """The references of some images, beside their ids."""
    return metric.References(
        [row.image_id for row in examples],
        [row.references for row in examples],
    )


def words(rows: Sequence[caption_lib.CaptionedExample]) -> list[list[str]]:
    """The words of each image's caption, as the literature scores them."""
    return [ptb_tokens.ptb_tokens(row.caption.text) for row in rows]


def repetition(captions: Sequence[ngrams.Tokens]) -> dict[str, float]:
    """Returns `mode_share` and `collision_probability`, 0 to 1 each.

    One caption has no other to be equal to: its probability is NaN.
    """
    several = len(captions) > 1
    return {
        "mode_share": repetition_lib.mode_share(captions),
        "collision_probability": (
            repetition_lib.collision_probability(captions)
            if several
            else math.nan
        ),
    }


def scenes(image_ids: Sequence[str], truth: Truth) -> list[truth_lib.Scene]:
    """The true scene of each image.

    Raises:
      TruthError: an image that `truth` does not know.
    """
    unknown = [image_id for image_id in image_ids if image_id not in truth]
    if unknown:
        raise TruthError(
            f"the truth file does not know image {unknown[0]!r}: it belongs "
            "to another data set (evaluate.truth)"
        )
    return [truth[image_id] for image_id in image_ids]
