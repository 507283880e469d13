"""What captions by themselves tell of their captioner, and what they cannot."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.scoring import cider, metric, wilson
from trainer.decoding.caption import Caption, CaptionedExample
from trainer.diagnosis import said as said_lib
from trainer.diagnosis.caption_results import Results
from trainer.diagnosis.causes.cause import (
    Cause,
    Dose,
    Opinion,
    between,
)
from trainer.diagnosis.cures import ByHand
from trainer.diagnosis.doctor import Diagnosis, State, ranked
from trainer.evaluation import baselines, scorers, verdict
from trainer.evaluation.estimate import Estimate

LEAST_IMAGES = 20
_UNKNOWN = ("<unk>", "[unk]", "<UNK>", "UNK")
_MOST_SHIFT, _MOST_BEAMS = 4, 6
_SURE_Z = 5.0


@dataclasses.dataclass(frozen=True)
class Outputs:
    """Captions of a system, judged.

    Attributes:
      said: scores, repetition and endings.
      own_z: by how many standard errors captions fit their own images better
        than others.
      order: another order in which captions fit better, in words; '' for none.
      order_z: by how many standard errors they do.
      order_cider_d: their CIDEr-D then.
      unknown: share of the captions that hold an unknown word.
    """

    said: said_lib.Said
    own_z: float
    order: str
    order_z: float
    order_cider_d: float
    unknown: float


def measure(results: Results) -> Outputs:
    """Scores captions at their own images, at others, and in other orders."""
    corpus = scorers.Corpus(list(_examples(results)))
    words = corpus.captions
    scorer = cider.CiderDMetric().against(corpus.references)
    own = np.asarray(scorer.each(words))
    order, places = max(
        orders(len(words)).items(),
        key=lambda pair: _gain(scorer, words, own, pair[1]),
    )
    z = _gain(scorer, words, own, places)
    other = scorer.each(baselines.shuffled(words, seed=0))
    marked = [any(m in text for m in _UNKNOWN) for text in results.captions]
    return Outputs(
        said=said_lib.measure(corpus, max_length=1 << 30),
        own_z=Estimate.of(own - np.asarray(other)).z,
        order=order if z > _SURE_Z else "",
        order_z=z,
        order_cider_d=float(_fits(scorer, words, places).mean()),
        unknown=sum(marked) / len(marked),
    )


def orders(count: int) -> Mapping[str, Sequence[int]]:
    """Name -> the places where the captions of the first images may stand."""
    shifts = {
        f"of the image {by:+d} places further": [
            (n - by) % count for n in range(count)
        ]
        for by in range(-_MOST_SHIFT, _MOST_SHIFT + 1)
        if by
    }
    # States that were expanded to beams twice: image i gets that of i / k.
    beams = {
        f"of image i / {k} at image i": list(range(0, count, k))
        for k in range(2, _MOST_BEAMS + 1)
    }
    return {**shifts, **beams}


def _fits(
    scorer: metric.Scorer,
    words: Sequence[Sequence[str]],
    places: Sequence[int],
) -> np.ndarray:
    """CIDEr-D of the first images with the captions at some places."""
    moved = list(words)
    moved[: len(places)] = [words[place] for place in places]
    return np.asarray(scorer.each(moved))[: len(places)]


def _gain(
    scorer: metric.Scorer,
    words: Sequence[Sequence[str]],
    own: np.ndarray,
    places: Sequence[int],
) -> float:
    """By how many standard errors captions fit better in another order."""
    gain = _fits(scorer, words, places) - own[: len(places)]
    return Estimate.of(gain).z


def _examples(results: Results) -> Iterator[CaptionedExample]:
    nowhere = np.zeros([0, 0], np.float32)
    for name, text, references in zip(
        results.image_ids, results.captions, results.references, strict=True
    ):
        caption = Caption(text, tuple(text.split()), nowhere, 0.0)
        yield CaptionedExample(name, b"", list(references), caption)


def _order(outputs: Outputs) -> Opinion | None:
    if not outputs.order:
        return None
    said = outputs.said
    beams = "i / " in outputs.order
    return Opinion(
        between(outputs.order_z, 4.0, 8.0),
        (
            (
                f"captions {outputs.order} score CIDEr-D "
                f"{outputs.order_cider_d:.2f}, as they stand {said.cider_d:.2f}"
            ),
        ),
        cure=(
            ByHand(
                "# expand states to beams once: repeat each image's, not the "
                "batch"
                if beams
                else "# join captions with images by id"
            ),
        ),
    )


def _unknown(outputs: Outputs) -> Opinion | None:
    if outputs.unknown < 0.02:
        return None
    low, high = wilson.interval(outputs.unknown, outputs.said.images)
    return Opinion(
        between(outputs.unknown, 0.0, 0.2),
        (f"{outputs.unknown:.0%} of the captions hold an unknown word",),
        dose=Dose(
            outputs.unknown,
            low,
            high,
            "{value:.0%} of the captions ({low:.0%} to {high:.0%})",
        ),
        cure=(ByHand("--min_count=1 --max_words=20000  # of pipeline.main"),),
    )


def _one_caption(outputs: Outputs) -> Opinion | None:
    said = outputs.said
    usual = verdict.TRAINING_MARGIN * said.reference_mode_share
    if said.mode_share <= max(verdict.MODE_SHARE_WARNING, usual):
        return None
    return Opinion(
        between(said.mode_share, 0.0, verdict.MODE_SHARE_COLLAPSE),
        (f"{said.mode_share:.0%} of the captions are {said.common!r}",),
        cure=(ByHand("# why, its run tells: --mode=diagnose --run_dir=..."),),
    )


def _unrelated(outputs: Outputs) -> Opinion | None:
    said = outputs.said
    alike = said.mode_share > verdict.MODE_SHARE_COLLAPSE
    if outputs.own_z > 3 or outputs.order or alike:
        return None
    return Opinion(
        0.8,
        (
            (
                f"captions fit their images by {outputs.own_z:.1f} standard "
                f"errors (CIDEr-D {said.cider_d:.2f}, at other images "
                f"{said.shuffled:.2f}), though they differ from image to image"
            ),
        ),
        cure=(
            ByHand(
                "# compare the vocabulary with that of the training: other "
                "words"
            ),
            ByHand(
                "# caption images of the training: wrong pairs stay wrong there"
            ),
        ),
    )


def _empty(outputs: Outputs) -> Opinion | None:
    said = outputs.said
    if said.empty < 0.02:
        return None
    return Opinion(
        between(said.empty, 0.0, 0.2),
        (f"{said.empty:.0%} of the captions have no word",),
        cure=(ByHand("# raise the limit of the search, or its length power"),),
    )


CAUSES: tuple[Cause[Outputs], ...] = (
    Cause(
        "batch-or-state",
        "Captions are those of other images, in a regular order.",
        _order,
        "captions made one image at a time are the same",
    ),
    Cause(
        "unknown-words",
        "Too many words are not in the vocabulary.",
        _unknown,
        "captions are as poor with all words",
    ),
    Cause(
        "one-caption",
        "Too many captions are the same one.",
        _one_caption,
        "the images are alike",
    ),
    Cause(
        "other-words-or-pairs",
        "Captions have nothing to do with their images.",
        _unrelated,
        "somebody can pick the image from its caption",
    ),
    Cause(
        "search-settings",
        "The search ends before the first word.",
        _empty,
        "captions are as empty with a higher limit",
    ),
)
CANNOT_KNOW = ("the run (--run_dir): data, training, weights and attention",)


def diagnose(outputs: Outputs) -> Diagnosis:
    """Judges captions alone, and says what they cannot tell."""
    said = outputs.said
    shown = (
        f": CIDEr-D {said.cider_d:.2f}, at other images {said.shuffled:.2f}; "
        f"{said.mode_share:.1%} are the same caption"
    )
    if said.images < LEAST_IMAGES:
        return Diagnosis(
            State.UNKNOWN,
            f"{said.images} captions are too few to tell{shown}.",
            (),
            (f"{LEAST_IMAGES} captions", *CANNOT_KNOW),
        )
    named = ranked(CAUSES, outputs)
    lost = outputs.own_z < 3 or said.mode_share > verdict.MODE_SHARE_COLLAPSE
    if lost:
        state, told = State.COLLAPSED, "The captions do not fit their images"
    elif named and named[0].strength >= 0.5:
        state, told = State.SUSPICIOUS, "They fit, but something is wrong"
    else:
        state, told = State.HEALTHY, "The captions fit their images"
    return Diagnosis(state, f"{told}{shown}.", named, CANNOT_KNOW)
