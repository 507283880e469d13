"""Captions and references -> scores."""

import dataclasses
import functools
import math
import operator
from collections.abc import Callable, Sequence

import numpy as np

from pipeline.scenes import judge
from pipeline.scenes import truth as truth_lib
from pipeline.scoring import (
    bleu,
    cider,
    coverage,
    dangling,
    distinct,
    hallucination,
    metric,
    ngrams,
    ptb_tokens,
    ratio,
    rouge_l,
)
from pipeline.scoring import repetition as repetition_lib
from trainer.decoding import caption as caption_lib

Truth = dict[str, truth_lib.Scene]
# Counts the statements of one caption, as `AttributeCounts.from_caption` does.
Count = Callable[..., judge.AttributeCounts]
USUAL: tuple[metric.Metric, ...] = (
    *(bleu.BleuMetric(order) for order in (1, 2, 3, 4)),
    rouge_l.RougeLMetric(),
    cider.CiderMetric(),
    cider.CiderDMetric(),
    distinct.DistinctMetric(1),
    distinct.DistinctMetric(2),
    coverage.CoverageMetric(),
    repetition_lib.RepetitionMetric(),
    dangling.DanglingMetric(),
    hallucination.HallucinationMetric(),
    hallucination.HallucinationMetric(by_caption=True),
)
"""What papers print of captions, and what tells whether to believe it."""


class TruthError(ValueError):
    """A truth file of another data set."""


@dataclasses.dataclass(frozen=True)
class StatementMetric:
    """How many statements of captions are true, where the scenes are known.

    Attributes:
      name: `attribute_precision` or `attribute_recall`.
      label: what people call it.
      definition: what it measures.
      parts: the two of `AttributeCounts` whose ratio it is.
      truth: image id -> scene.
      count: counts the statements of a caption.
    """

    name: str
    label: str
    definition: str
    parts: tuple[str, str]
    truth: Truth
    count: Count
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def against(self, references: metric.References) -> ratio.RatioScorer:
        """Finds the scenes of the images.

        Raises:
          TruthError: an image that `truth` does not know.
        """
        known = scenes(references.image_ids, self.truth)
        said = list(map(tuple, references.texts))

        def parts(captions: ratio.Captions) -> ngrams.Floats:
            judged = [
                self.count(" ".join(caption), scene, references=texts)
                for caption, scene, texts in zip(
                    captions, known, said, strict=True
                )
            ]
            rows = [operator.attrgetter(*self.parts)(each) for each in judged]
            return np.array(rows, np.float64)

        return ratio.RatioScorer(parts)


def statement_metrics(truth: Truth) -> tuple[StatementMetric, ...]:
    """Precision and recall of attributes; they judge each caption once."""
    count = functools.cache(judge.AttributeCounts.from_caption)
    return (
        StatementMetric(
            "attribute_precision",
            "Attribute precision",
            "Share of the attributes and relations that a caption states which "
            "hold in the image.",
            ("true", "stated"),
            truth,
            count,
        ),
        StatementMetric(
            "attribute_recall",
            "Attribute recall",
            "Share of the objects that people name which the caption names "
            "right, with no false attribute.",
            ("named", "expected"),
            truth,
            count,
        ),
    )


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Captioned images whose texts are cut into words once.

    Attributes:
      examples: the images.
    """

    examples: Sequence[caption_lib.CaptionedExample]

    @functools.cached_property
    def captions(self) -> list[list[str]]:
        """Each caption's words."""
        return words(self.examples)

    @functools.cached_property
    def references(self) -> metric.References:
        """What people say of the images."""
        return references_of(self.examples)


def with_usual(metrics: Sequence[metric.Metric]) -> list[metric.Metric]:
    """Returns some metrics, and those of `USUAL` that they lack."""
    names = {each.name for each in metrics}
    return [*metrics, *(each for each in USUAL if each.name not in names)]


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
