"""Says in one line whether the captioner looks at the image, and why."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from trainer.evaluation.estimate import Estimate

# Nine published COCO systems have a mode share of 0.3 to 1.9 % and a collision
# probability of 4e-5 to 3e-3, measured on the outputs that MeasureDiversity
# (van Miltenburg et al. 2018) keeps. The alarms are well above these values.
MODE_SHARE_WARNING = 0.05
MODE_SHARE_COLLAPSE = 0.5
COLLISION_WARNING = 0.01
# Where training captions repeat, a model may repeat three times as often.
TRAINING_MARGIN = 3.0
SIGNIFICANT_Z = 3.0
"""In standard errors; see `CHANCE`."""

CHANCE = math.erfc(SIGNIFICANT_Z / math.sqrt(2)) / 2
"""How likely a normal statistic exceeds `SIGNIFICANT_Z`: once in 741 times."""

FEWEST_IMAGES = math.floor(-math.log2(CHANCE)) + 1
"""Fewer can show nothing. To a captioner that does not look, own and swapped
image are the same, so that each image speaks for it or against it like a coin
(the sign test's null distribution: Fisher 1935). All n images speak for it with
probability 2^-n, and no outcome is rarer."""


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The measurements that `verdict` judges by.

    Attributes:
      loss_gap: the teacher-forced loss with another image's features minus the
        loss with the image's own, in nats per token.
      loss_gap_error: its standard error, in nats per token.
      own: CIDEr-D of each image's caption, 0 to 10.
      swapped: CIDEr-D that the same images give to captions made for others.
      mode_share: share of captions equal to the most frequent, 0 to 1.
      collision: probability that two captions are equal, 0 to 1.
      training_mode_share: mode share of captions like those trained on.
      training_collision: collision probability of such captions.
    """

    loss_gap: float
    loss_gap_error: float
    own: Sequence[float]
    swapped: Sequence[float]
    mode_share: float
    collision: float
    training_mode_share: float = 0.0
    training_collision: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError: the numbers cannot be judged."""
        if len(self.own) != len(self.swapped) or len(self.own) < 2:
            raise ValueError(
                f"{len(self.own)} own and {len(self.swapped)} swapped scores;"
                " need as many, two at least."
            )
        if not math.isfinite(self.loss_gap) or not self.loss_gap_error >= 0:
            raise ValueError(
                f"A loss gap of {self.loss_gap} with standard error"
                f" {self.loss_gap_error} cannot be judged."
            )

    @property
    def looks(self) -> bool | None:
        """Whether the captioner looks; None if too few images tell."""
        if len(self.own) < FEWEST_IMAGES:
            return None
        return min(self.loss_z, self.score_z) > SIGNIFICANT_Z

    @property
    def loss_z(self) -> float:
        """The loss gap in standard errors."""
        return Estimate(self.loss_gap, self.loss_gap_error).z

    @property
    def score_z(self) -> float:
        """The mean per-image fall of CIDEr-D in standard errors."""
        return Estimate.of(np.subtract(self.own, self.swapped)).z


# By whether swapping images raises the loss, and whether it cuts CIDEr-D.
_FINDINGS = {
    (True, True): "It looks at the image: swapping images {loss} and {score}.",
    (True, False): "It sees the image, but its captions do not show it: "
    "swapping images {loss}, but {score}.",
    (False, True): "The evidence disagrees: swapping images {loss}, "
    "yet {score}.",
    (False, False): "It does NOT look at the image: swapping images {loss} and "
    "{score}; z above 3 would count.",
}
_TOO_FEW = (
    "Too few images to tell: by chance all {images} speak for it once in {once}"
    f" times, where only once in {1 / CHANCE:.0f} counts; {FEWEST_IMAGES}"
    " images would do. Swapping images {loss} and {score}."
)


def verdict(evidence: Evidence) -> str:
    """Says in one line whether the captioner looks at the image, and why.

    It does when swapping images both raises the loss and cuts CIDEr-D by more
    than three standard errors; of fewer than `FEWEST_IMAGES` images nothing is
    said. The line warns of a mode share above 5 % or a collision probability
    above 0.01 and calls a mode share above 50 % collapse, unless the training
    captions have more than a third of it themselves.
    """
    return _finding(evidence) + _repetition(evidence)


def _finding(evidence: Evidence) -> str:
    raised = evidence.loss_z > SIGNIFICANT_Z
    cut = evidence.score_z > SIGNIFICANT_Z
    loss = f"the loss by {evidence.loss_gap:.2f} nats per token"
    score = (
        f"CIDEr-D from {np.mean(evidence.own):.2f}"
        f" to {np.mean(evidence.swapped):.2f}"
    )
    if evidence.looks is None:
        images = len(evidence.own)
        return _TOO_FEW.format(
            images=images,
            once=2**images,
            loss=f"changes {loss}",
            score=f"takes {score}",
        )
    return _FINDINGS[raised, cut].format(
        loss=f"{'raises' if raised else 'changes'} {loss}"
        f" (z = {evidence.loss_z:.1f})",
        score=f"{'cuts' if cut else 'takes'} {score}"
        f" (z = {evidence.score_z:.1f})",
    )


def _repetition(evidence: Evidence) -> str:
    share = f" {evidence.mode_share:.0%} of the captions are the same one."
    usual = TRAINING_MARGIN * evidence.training_mode_share
    equal = TRAINING_MARGIN * evidence.training_collision
    if evidence.mode_share > max(MODE_SHARE_COLLAPSE, usual):
        return " Collapse:" + share
    if evidence.mode_share > max(MODE_SHARE_WARNING, usual):
        return " Warning:" + share
    if evidence.collision > max(COLLISION_WARNING, equal):
        return f" Warning: {evidence.collision:.1%} of caption pairs are equal."
    return ""
