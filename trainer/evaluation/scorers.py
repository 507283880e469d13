"""Captions and references -> scores."""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Sequence

from pipeline.scenes import judge
from pipeline.scenes import truth as truth_lib
from pipeline.scoring import metric, ngrams, ptb_tokens
from pipeline.scoring import repetition as repetition_lib
from trainer.decoding import caption as caption_lib

Truth = dict[str, truth_lib.Scene]
# Counts the statements of one caption, as `AttributeCounts.from_caption` does.
Count = Callable[..., judge.AttributeCounts]


class TruthError(ValueError):
    """A truth file of another data set."""


@dataclasses.dataclass(frozen=True)
class StatementMetric:
    """How many statements of captions are true, where the scenes are known.

    Attributes:
      name: `attribute_precision` or `attribute_recall`.
      label: what people call it.
      definition: what it measures.
      value: `precision` or `recall`, as `AttributeCounts` has them.
      truth: image id -> scene.
      count: counts the statements of a caption.
    """

    name: str
    label: str
    definition: str
    value: str
    truth: Truth
    count: Count
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: metric.References) -> "StatementScorer":
        """Finds the scenes of the images.

        Raises:
          TruthError: an image that `truth` does not know.
        """
        return StatementScorer(
            self.value,
            scenes(references.image_ids, self.truth),
            list(map(tuple, references.texts)),
            self.count,
        )


@dataclasses.dataclass(frozen=True)
class StatementScorer:
    """Precision or recall, 0 to 1, against scenes and references.

    Attributes:
      value: `precision` or `recall`, as `AttributeCounts` has them.
      scenes: of the images.
      references: each image's captions, as people wrote them.
      count: counts the statements of a caption.
    """

    value: str
    scenes: Sequence[truth_lib.Scene]
    references: Sequence[tuple[str, ...]]
    count: Count

    def corpus(self, captions: Sequence[ngrams.Tokens]) -> float:
        """The share of all captions' statements together."""
        counts = judge.AttributeCounts()
        for each in self._counts(captions):
            counts += each
        return float(getattr(counts, self.value))

    def each(self, captions: Sequence[ngrams.Tokens]) -> list[float]:
        """The share of each caption's statements."""
        counted = self._counts(captions)
        return [float(getattr(each, self.value)) for each in counted]

    def _counts(
        self, captions: Sequence[ngrams.Tokens]
    ) -> Iterator[judge.AttributeCounts]:
        for caption, scene, references in zip(
            captions, self.scenes, self.references, strict=True
        ):
            yield self.count(" ".join(caption), scene, references=references)


def statement_metrics(truth: Truth) -> tuple[StatementMetric, ...]:
    """Precision and recall of attributes; they judge each caption once."""
    count = functools.cache(judge.AttributeCounts.from_caption)
    return (
        StatementMetric(
            "attribute_precision",
            "Attribute precision",
            "Share of the attributes and relations that a caption states which "
            "hold in the image.",
            "precision",
            truth,
            count,
        ),
        StatementMetric(
            "attribute_recall",
            "Attribute recall",
            "Share of the objects that people name which the caption names "
            "right, with no false attribute.",
            "recall",
            truth,
            count,
        ),
    )


def references_of(
    examples: Sequence[caption_lib.CaptionedExample],
) -> metric.References:
    """Returns the references of some images, with the images' ids."""
    return metric.References(
        [row.image_id for row in examples],
        [row.references for row in examples],
    )


def words(rows: Sequence[caption_lib.CaptionedExample]) -> list[list[str]]:
    """Returns each caption's words, as the literature scores them."""
    return [ptb_tokens.ptb_tokens(row.caption.text) for row in rows]


def repetition(captions: Sequence[ngrams.Tokens]) -> dict[str, float]:
    """Returns `mode_share` and `collision_probability`, 0 to 1 each.

    The second is NaN for a single caption, which has no other to be equal to.
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
    """Returns the true scene of each image.

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
