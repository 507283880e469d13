"""How often what happens between steps, and how the best is picked."""

import dataclasses
from collections.abc import Callable
from typing import Any

from trainer.loop import (
    early_stopping,
    every,
    loop,
    metrics_log,
    save_checkpoint,
)
from trainer.run import checkpoints as checkpoints_lib


@dataclasses.dataclass(frozen=True)
class Cadence:
    """How often things happen, in steps.

    Attributes:
      steps_per_call: updates without going back to Python.
      evaluate_every: score the validation split.
      checkpoint_every: save the run.
      validation_split: name of it.
      validation_images: images that are captioned each time.
      select_by: what picks the best on the validation split: the name of one
        of `Setup.metrics`, or `loss`.
      patience: evaluations without a better score before stopping.
      profile_steps: the first step, and the one behind the last, of which
        TensorBoard gets a profile; all of a call's steps are in it.
    """

    steps_per_call: int = 20
    evaluate_every: int = 200
    checkpoint_every: int = 200
    validation_split: str = "validation"
    validation_images: int = 200
    select_by: str = "cider_d"
    patience: int = 5
    profile_steps: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError: a setting that would fail later."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and value < 1:
                raise ValueError(
                    f"`{field.name}` must be positive, got {value}"
                )
        steps = self.profile_steps
        if steps and (len(steps) != 2 or not 0 <= steps[0] < steps[1]):
            raise ValueError(
                "`profile_steps` must be the first step and the one behind "
                f"the last, got {steps}"
            )

    def patient(self, *, lower: bool) -> early_stopping.Patience:
        """A fresh `Patience`; `lower` says that lower scores are better."""
        return early_stopping.Patience(self.patience, lower=lower)

    @property
    def selection(self) -> dict[str, Any]:
        """What makes scores comparable, before and after a restart."""
        names = ("select_by", "validation_split", "validation_images")
        return {name: getattr(self, name) for name in names}

    def actions(
        self,
        validation: Callable[[], dict[str, float]],
        *,
        last_step: int,
        patience: early_stopping.Patience,
        log: metrics_log.MetricsLog | metrics_log.NoLog,
        checkpoints: checkpoints_lib.Checkpoints,
    ) -> list[loop.Action]:
        """The log, then what is due from time to time; saving comes last."""
        evaluate = early_stopping.EvaluateAndStop(
            validation,
            when=every.Every(self.evaluate_every, last_step),
            select_by=self.select_by,
            patience=patience,
            log=log,
            checkpoints=checkpoints,
        )
        when = every.Every(self.checkpoint_every, last_step)
        return [
            log,
            evaluate,
            save_checkpoint.SaveCheckpoint(checkpoints, when=when),
        ]
