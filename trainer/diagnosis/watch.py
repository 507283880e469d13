"""What is watched at each evaluation of a training, and an early warning.

Captions that owe nothing to their images are no news of a young run, whose loss
still falls, and none of a captioner that was made blind.
"""

import dataclasses
import functools
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.encoders import encoder as encoder_lib
from pipeline.recordset import vocabulary
from trainer.data import batches as batches_lib
from trainer.data.batching import Batching
from trainer.diagnosis import doctor, examination, path_swaps
from trainer.diagnosis import said as said_lib
from trainer.diagnosis.case import Case
from trainer.evaluation import scorers, verdict
from trainer.evaluation.estimate import Estimate
from trainer.run import metrics_file

_LOG = logging.getLogger(__name__)
# More captions of an image say little more of the image.
_IMAGES, _CAPTIONS = 64, 2
_PATHS = ("image", "memory", "uniform")
_NO_NUMBER = Estimate(math.nan, math.nan)
# The share of its loss that a young run loses in the later half of its updates.
_FALLS = 0.02


class Watch:
    """Measures whether captions owe anything to their images."""

    def __init__(
        self,
        case: Case,
        max_length: int | None,
        load_encoder: Callable[[], encoder_lib.Encoder | None],
    ):
        """Takes a run; reads nothing yet.

        Args:
          case: the run, whose captioner is in training.
          max_length: most tokens of a caption, END included; None for no
            limit.
          load_encoder: gives the encoder that made the grids; None to leave
            out what needs it.
        """
        self._case, self._max_length = case, max_length
        self._load_encoder = load_encoder
        self._batching = Batching(**case.identity.batching)
        self._split = case.identity.selection["validation_split"]
        self._said: said_lib.Said | None = None
        # Of a captioner that was made blind, nothing else is expected.
        self._warned = not case.captioner.uses_image

    def __call__(self, corpus: scorers.Corpus) -> dict[str, float]:
        """Measures captions, and what the image carries.

        Args:
          corpus: captioned images of the validation split.

        Returns:
          Scalars by name; what cannot be known is NaN. Of the captions:
          `mode_share`, `collision_probability`, `end_rate`, the share that ends
          by itself, and `mean_words`. Of what people say of the first images:
          `unknown_targets`, the share of tokens that are UNK, and
          `unknown_guesses`, the share in whose place UNK is the likeliest.
          By how much their loss rises, in nats per token: `swap_gap` with
          another image, and its standard error; `memory_gap` with another's
          features at each word alone; `uniform_gap` where every place is the
          mean of all. `collapsed`: 1 if the captions owe nothing, or 0.
        """
        said = self._said = said_lib.measure(corpus, self._max_length)
        found = self._glance()
        gaps = {path: _estimate(found[path]) for path in _PATHS}
        gap = gaps["image"]
        few = min(said.images, len(found["image"])) < verdict.FEWEST_IMAGES
        collapsed = math.nan if few else float(doctor.owe_nothing(gap, said))
        return {
            "mode_share": said.mode_share,
            "collision_probability": said.collision,
            "end_rate": 1.0 - said.cut,
            "mean_words": said.words,
            "unknown_targets": _unknown(found["targets"]),
            "unknown_guesses": _unknown(found["guesses"]),
            "swap_gap": gap.mean,
            "swap_gap_error": gap.error,
            "memory_gap": gaps["memory"].mean,
            "uniform_gap": gaps["uniform"].mean,
            "collapsed": collapsed,
        }

    @functools.cached_property
    def _glance(self) -> path_swaps.Glance:
        data = batches_lib.CaptionDataset(
            self._case.record_set, self._split, self._batching, shuffle=False
        )
        batch = data.first_images(_IMAGES)
        few = {
            name: batch[name][:, :_CAPTIONS] for name in ("tokens", "weights")
        }
        return path_swaps.Glance(self._case.captioner, {**batch, **few})

    def warn(self, step: int) -> None:
        """Says once why the captions owe nothing to their images.

        It says nothing of a young run, of a captioner that was made blind, and
        where more images speak against it.

        Args:
          step: updates made; the evaluation is the last in `metrics.jsonl`.
        """
        rows = metrics_file.read_metrics(self._case.run_dir)
        warmup = self._case.identity.optimizer["warmup_steps"]
        if self._warned or not self._said or _young(rows, warmup):
            return
        self._warned = True
        try:
            found = self._diagnosed(rows, step)
        except (ValueError, OSError, tf.errors.OpError) as error:
            # A training of days does not end by what only looks at it.
            _LOG.warning("step %d: no diagnosis, for: %s", step, error)
            return
        if found.state == doctor.State.COLLAPSED:
            _LOG.warning("step %d: %s", step, _told(found, self._case.run_dir))

    def _diagnosed(
        self, rows: list[dict[str, Any]], step: int
    ) -> doctor.Diagnosis:
        case = dataclasses.replace(self._case, rows=rows, step=step)
        evidence = examination.early(
            case,
            batching=self._batching,
            split=self._split,
            encoder=self._load_encoder(),
            captioned=self._said,
        )
        return doctor.diagnose(evidence)


def _estimate(rises: np.ndarray) -> Estimate:
    return Estimate.of(rises) if len(rises) > 1 else _NO_NUMBER


def _unknown(tokens: np.ndarray) -> float:
    known = len(tokens) > 0
    return float((tokens == vocabulary.UNK).mean()) if known else math.nan


def _young(rows: Sequence[Mapping[str, Any]], warmup: int) -> bool:
    """Whether a run may still learn to look: its loss falls.

    A swap gap of exactly zero is that of a captioner that cannot.

    Args:
      rows: of `metrics.jsonl`.
      warmup: updates in which the learning rate rises.
    """
    judged = [row for row in rows if metrics_file.COLLAPSED in row]
    if not judged:  # The disk was full.
        return True
    now = judged[-1]
    if now["validation/swap_gap"] == 0:
        return False
    before = [row for row in judged if row["step"] <= now["step"] / 2]
    if now["step"] <= warmup or not before:
        return True
    fell: bool = (
        now["validation/loss"] < (1 - _FALLS) * before[-1]["validation/loss"]
    )
    return fell


def _told(found: doctor.Diagnosis, run_dir: str) -> str:
    """What is wrong, and the likeliest cause, in a line."""
    more = f"--mode=diagnose --run_dir={run_dir} says more"
    if not found.named:
        return f"{found.headline} No cause stands out; {more}"
    first = found.named[0]
    dose = f" ({first.opinion.dose})" if first.opinion.dose else ""
    evidence = "; ".join(first.opinion.speaks_for)
    return (
        f"{found.headline} Likeliest cause: {first.cause.slug}{dose}: "
        f"{first.cause.meaning} {evidence}; {more}"
    )
