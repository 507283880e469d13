"""Captions and references -> scores."""

from collections.abc import Sequence

from pipeline.recordset import manifest
from pipeline.scenes import judge
from pipeline.scenes import truth as truth_lib
from pipeline.scoring import bleu as bleu_lib
from pipeline.scoring import cider, ngrams, ptb_tokens
from pipeline.scoring import repetition as repetition_lib
from trainer.decoding import caption as caption_lib

Truth = dict[str, truth_lib.Scene]


class OverlapScorer:
    """CIDEr-D and BLEU-4 of one caption per image, in a fixed order."""

    def __init__(self, references: Sequence[Sequence[ngrams.Tokens]]):
        """Indexes the references once; many captions are scored by them."""
        self._references = references
        self._index = cider.ReferenceIndex.from_references(references)

    def __call__(self, captions: Sequence[ngrams.Tokens]) -> dict[str, float]:
        """Returns `cider_d` (0.45 is printed as 45) and `bleu_4`, 0 to 1."""
        bleu = bleu_lib.Bleu.from_captions(captions, self._references)
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
        self, scenes: Sequence[truth_lib.Scene], references: Sequence[list[str]]
    ):
        """Keeps the scenes in the order of the captions."""
        self._scenes, self._references = scenes, references

    def __call__(self, captions: Sequence[ngrams.Tokens]) -> dict[str, float]:
        """Returns `attribute_precision` and `attribute_recall`, 0 to 1."""
        counts = judge.AttributeCounts()
        for caption, scene, references in zip(
            captions, self._scenes, self._references, strict=True
        ):
            counts += judge.AttributeCounts.from_caption(
                " ".join(caption), scene, references=references
            )
        return {
            "attribute_precision": counts.precision,
            "attribute_recall": counts.recall,
        }


def words(rows: Sequence[caption_lib.CaptionedExample]) -> list[list[str]]:
    """The words of each image's caption, as the literature scores them."""
    return [ptb_tokens.ptb_tokens(row.caption.text) for row in rows]


def reference_words(
    captions: Sequence[Sequence[str]],
) -> list[list[list[str]]]:
    """The words of each reference of each image."""
    return [[ptb_tokens.ptb_tokens(text) for text in row] for row in captions]


def repetition(captions: Sequence[ngrams.Tokens]) -> dict[str, float]:
    """Returns `mode_share` and `collision_probability`, 0 to 1 each."""
    return {
        "mode_share": repetition_lib.mode_share(captions),
        "collision_probability": repetition_lib.collision_probability(captions),
    }


def scenes(
    examples: Sequence[caption_lib.CaptionedExample], truth: Truth
) -> list[truth_lib.Scene]:
    """The true scene of each image.

    Raises:
      RecordSetError: an image that `truth` does not know.
    """
    unknown = [row.image_id for row in examples if row.image_id not in truth]
    if unknown:
        raise manifest.RecordSetError(
            f"the truth file does not know image {unknown[0]!r}: it belongs "
            "to another data set (evaluate.truth)"
        )
    return [truth[row.image_id] for row in examples]
