"""Faults of what is predicted: padding, endings, a look at the answer."""

import dataclasses

from pipeline.scoring import wilson
from trainer.diagnosis.causes.cause import (
    Cause,
    Dose,
    Opinion,
    between,
)
from trainer.diagnosis.cures import Training
from trainer.diagnosis.evidence import Evidence

_LET_END = Training(code="let END count in the loss: weights = tokens > 0")


def _padding(evidence: Evidence) -> Opinion | None:
    learning, counted = evidence.learning, _counted(evidence)
    if not learning or not counted:
        return None
    full = counted.each > 0.97 * counted.limit and counted.more > 0.5
    if not full and evidence.trained_under != "padding":
        return None
    return Opinion(
        0.97,
        (
            f"{counted}: padding counts",
            f"the training loss is {learning.last_loss:.2f}",
        ),
        cure=(Training(code="set weights = tf.cast(tokens > 0, tf.float32)"),),
    )


@dataclasses.dataclass(frozen=True)
class _Counted:
    """Tokens of a caption that count in the loss, and that should.

    Attributes:
      each: that count, in the mean.
      own: that a caption has, END included, in the mean.
      limit: places of a caption.
    """

    each: float
    own: float
    limit: int

    @property
    def more(self) -> float:
        """How many more count than should."""
        return self.each - self.own

    def __str__(self) -> str:
        """Both, for people."""
        return (
            f"{self.each:.1f} tokens of a caption count in the loss, which has "
            f"{self.own:.1f} with END, and {self.limit} places"
        )


def _counted(evidence: Evidence) -> _Counted | None:
    """Compares what the log counts with what the records hold."""
    batching, data = evidence.settings["batching"], evidence.data
    if not evidence.learning or not data:
        return None
    captions = batching["batch_images"] * data.drawn
    each = evidence.learning.tokens / captions
    return _Counted(each, data.tokens, batching["max_length"])


def _leak(evidence: Evidence) -> Opinion | None:
    learning = evidence.learning
    if not learning or "unshifted" != evidence.trained_under:
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
        cure=(Training(code="shift the input by one: contract.shift_right"),),
    )


def _no_end(evidence: Evidence) -> Opinion | None:
    data = evidence.data
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
    return _masked(evidence) or _endless(evidence)


def _masked(evidence: Evidence) -> Opinion | None:
    """In training, END did not count in the loss."""
    counted = _counted(evidence)
    if not counted:
        return None
    one_less = abs(counted.more + 1) < 0.3
    if not one_less and evidence.trained_under != "end":
        return None
    return Opinion(0.95, (f"{counted}: END does not",), cure=(_LET_END,))


def _endless(evidence: Evidence) -> Opinion | None:
    """Captions go on to the limit of the search, and people's do not."""
    said, looks = evidence.said, evidence.validation
    if not said or not looks or evidence.strange.get("search"):
        return None
    long = said.words > 1.3 * said.reference_words
    # Of words that know nothing of the image, a missing END says nothing.
    if said.cut < 0.5 or not long or looks.gap.mean < 0.1:
        return None
    return Opinion(
        between(said.cut, 0.3, 0.8),
        (
            (
                f"{said.cut:.0%} of the captions have no end, at "
                f"{said.words:.1f} words; people use {said.reference_words:.1f}"
            ),
        ),
        cure=(_LET_END,),
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
