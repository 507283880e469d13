"""Faults of what is predicted: padding, endings, a look at the answer."""

from pipeline.scoring import wilson
from trainer.diagnosis.causes.cause import (
    Cause,
    Dose,
    Opinion,
    between,
)
from trainer.diagnosis.cures import Training
from trainer.diagnosis.evidence import Evidence


def _padding(evidence: Evidence) -> Opinion | None:
    learning = evidence.learning
    batching = evidence.settings["batching"]
    if not learning:
        return None
    places = (
        batching["batch_images"]
        * batching["captions_per_image"]
        * batching["max_length"]
    )
    filled = learning.tokens / places
    if filled < 0.97 and "padding" not in evidence.trained_under:
        return None
    return Opinion(
        0.97,
        (
            (
                f"an update counts {learning.tokens:,.0f} tokens, and a batch "
                f"has {places:,} places: padding counts"
            ),
            f"the training loss is {learning.last_loss:.2f}",
        ),
        cure=(Training(code="set weights = tf.cast(tokens > 0, tf.float32)"),),
    )


def _leak(evidence: Evidence) -> Opinion | None:
    learning = evidence.learning
    if not learning or "unshifted" not in evidence.trained_under:
        return None
    return Opinion(
        0.95,
        (
            (
                "if each word is read before it is predicted, the loss is "
                f"that of the log, {learning.logged_loss:.2f}; else "
                f"{evidence.replayed:.2f}"
            ),
        ),
        cure=(Training(code="shift the input by one: train_step.shift_right"),),
    )


def _no_end(evidence: Evidence) -> Opinion | None:
    data, said, looks = evidence.data, evidence.said, evidence.validation
    limit = evidence.settings["batching"]["max_length"]
    if data and data.cut > 0.05:
        low, high = wilson.interval(data.cut, data.captions)
        return Opinion(
            between(data.cut, 0.02, 0.25),
            (
                (
                    f"{data.cut:.0%} of the train captions have more words "
                    f"than the limit of {limit} tokens leaves room for"
                ),
            ),
            dose=Dose(
                data.cut,
                low,
                high,
                "{value:.0%} of the captions ({low:.0%} to {high:.0%})",
            ),
            cure=(Training((f"MAX_LENGTH = {max(2 * limit, 24)}",)),),
        )
    if not said or not looks or evidence.strange.get("search"):
        return None
    long = said.words > 1.3 * said.reference_words
    if said.cut < 0.5 or not long:
        return None
    return Opinion(
        between(said.cut, 0.3, 0.8),
        (
            (
                f"{said.cut:.0%} of the captions have no end, at "
                f"{said.words:.1f} words; people use {said.reference_words:.1f}"
            ),
        ),
        cure=(
            Training(code="let END count in the loss: weights = tokens > 0"),
        ),
    )


CAUSES: tuple[Cause[Evidence], ...] = (
    Cause(
        "padding-in-loss",
        "Padding counts in the loss.",
        _padding,
        "a higher MAX_LENGTH leaves the loss as it is",
        ("weights-not-restored", "other-weights", "end-not-learned"),
    ),
    Cause(
        "target-leak",
        "In training, words were read before they were predicted.",
        _leak,
        "greedy captions are as good as forced ones",
        ("weights-not-restored", "other-weights", "blind"),
    ),
    Cause(
        "end-not-learned",
        "Captions do not learn to end.",
        _no_end,
        "captions end by themselves at a higher limit",
    ),
)
