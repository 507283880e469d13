"""How often each action runs, and which score selects the best checkpoint."""

import dataclasses
from collections.abc import Callable, Mapping
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
      steps_per_call: updates made in one graph. What is due after so many
        updates waits for the end of the call.
      evaluate_every: updates between two evaluations of the validation split.
      checkpoint_every: updates between two checkpoints.
      validation_split: name of the split.
      validation_images: images captioned at each evaluation.
      select_by: the validation score that selects the best checkpoint: the
        name of one of `Setup.metrics`, or `loss`.
      patience: evaluations without a better score before the run stops.
      profile_steps: first step, and the one after the last, to profile for
        TensorBoard; whole calls are profiled.
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
        """Raises ValueError: a setting is out of range."""
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
        """Makes a `Patience`; `lower` says that lower scores are better."""
        return early_stopping.Patience(self.patience, lower=lower)

    @property
    def selection(self) -> dict[str, Any]:
        """The settings that a resumed run must share to compare its scores."""
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
        warn: Callable[[int], None],
        faults: Callable[[Mapping[str, float]], str],
    ) -> list[loop.Action]:
        """Makes the log and the periodic actions; saving comes last."""
        evaluate = early_stopping.EvaluateAndStop(
            validation,
            when=every.Every(self.evaluate_every, last_step),
            select_by=self.select_by,
            patience=patience,
            log=log,
            checkpoints=checkpoints,
            warn=warn,
            faults=faults,
        )
        when = every.Every(self.checkpoint_every, last_step)
        return [
            log,
            evaluate,
            save_checkpoint.SaveCheckpoint(checkpoints, when=when),
        ]
