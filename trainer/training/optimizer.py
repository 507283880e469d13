"""AdamW with warm-up, a schedule, and clipping after the reduction."""

import dataclasses
import math
from typing import Any

import keras
import tensorflow as tf

SCHEDULES = ("cosine", "inverse_sqrt", "constant")
# Exponents of the batch's growth, by name.
SCALINGS = {"none": 0.0, "sqrt": 0.5, "linear": 1.0}


class ReducedAdamW(keras.optimizers.AdamW):
    """Takes gradients that the step has already reduced over replicas.

    Keras would reduce them a second time, and clip them before that.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        return grads_and_vars


@dataclasses.dataclass(frozen=True)
class AdamW:
    """Settings of AdamW (Loshchilov and Hutter 2019) and its schedule.

    Attributes:
      learning_rate: peak, at the end of the warm-up, for `reference_batch`.
      scaling: how the rate grows with the batch: `none`, `sqrt` (for Adam:
        Malladi et al. 2022, section 5) or `linear` (for SGD: Goyal et al. 2017,
        section 2.1).
      reference_batch: images a step that `learning_rate` was tuned for.
      schedule: what follows the warm-up: `cosine` (Loshchilov and Hutter 2017),
        `inverse_sqrt` of the step (Vaswani et al. 2017, equation 3) or
        `constant`.
      warmup_steps: updates of linear growth from zero.
      decay_steps: updates of the cosine's fall to `final_share`; None for the
        rest of the run after the warm-up, whose end `until` sets.
      final_share: share of `learning_rate` below which no schedule falls.
      weight_decay: decoupled; none for biases, norms and embeddings.
      clip_norm: largest global norm of the reduced gradients.
      average_decay: decay of the running mean of the weights, which is
        validated and saved in their place; 0 for no mean. See
        `weight_average.WeightAverage`.

    Raises:
      ValueError: an unknown schedule or scaling; a rate, norm, batch or number
        of steps that is not positive; a decay of the mean outside [0, 1).
    """

    learning_rate: float = 1e-3
    schedule: str = "cosine"
    warmup_steps: int = 200
    decay_steps: int | None = None
    final_share: float = 0.05
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    scaling: str = "none"
    reference_batch: int = 32
    average_decay: float = 0.0

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        if self.schedule not in SCHEDULES:
            raise ValueError(
                f"`schedule` must be one of {', '.join(SCHEDULES)}, "
                f"got {self.schedule!r}"
            )
        if self.scaling not in SCALINGS:
            raise ValueError(
                f"`scaling` must be one of {', '.join(SCALINGS)}, "
                f"got {self.scaling!r}"
            )
        positive = "learning_rate", "decay_steps", "clip_norm"
        for name in (*positive, "reference_batch"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"`{name}` must be positive, got {value}")
        for name in ("warmup_steps", "final_share", "weight_decay"):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"`{name}` must not be negative, got {getattr(self, name)}"
                )
        if not 0 <= self.average_decay < 1:
            raise ValueError(
                f"`average_decay` must lie in [0, 1), got {self.average_decay}"
            )

    def growth(self, images: int) -> float:
        """What a batch of so many images multiplies the learning rate by."""
        return (images / self.reference_batch) ** SCALINGS[self.scaling]

    def for_batch(self, images: int) -> "AdamW":
        """Scales the learning rate to a batch.

        The rate is `learning_rate` (images / `reference_batch`)^p, with p being
        0, 1/2 or 1.

        Args:
          images: of a global batch.

        Returns:
          Settings that need no more scaling.
        """
        return dataclasses.replace(
            self,
            learning_rate=self.learning_rate * self.growth(images),
            scaling="none",
            reference_batch=images,
        )

    def until(self, num_steps: int) -> "AdamW":
        """Ends the cosine with the run, if `decay_steps` does not say where.

        Args:
          num_steps: updates of the run; the last one has `final_share`.
        """
        if self.decay_steps is not None:
            return self
        rest = max(num_steps - 1 - self.warmup_steps, 1)
        return dataclasses.replace(self, decay_steps=rest)

    def rate(self, step: tf.Tensor) -> tf.Tensor:
        """The learning rate of an update.

        Args:
          step: int [], updates made before it.

        Returns:
          float32 [].
        """
        step = tf.cast(step, tf.float32)
        rise = tf.minimum(step / max(self.warmup_steps, 1), 1.0)
        share = rise if self.warmup_steps else tf.ones([])
        if self.schedule == "cosine" and self.decay_steps:
            past = tf.maximum(step - self.warmup_steps, 0.0) / self.decay_steps
            fallen = 0.5 * (1 + tf.cos(math.pi * tf.minimum(past, 1.0)))
            share *= self.final_share + (1 - self.final_share) * fallen
        elif self.schedule == "inverse_sqrt":
            top = float(max(self.warmup_steps, 1))
            fallen = tf.sqrt(top / tf.maximum(step, top))
            share *= tf.maximum(fallen, self.final_share)
        return self.learning_rate * share

    def build(self, variables: list[keras.Variable]) -> ReducedAdamW:
        """Makes an optimizer whose slots exist before the first step."""
        optimizer = ReducedAdamW(
            _Schedule(self),
            weight_decay=self.weight_decay,
            global_clipnorm=self.clip_norm,
        )
        optimizer.exclude_from_weight_decay(
            var_names=["bias", "gamma", "beta", "embeddings"]
        )
        optimizer.build(variables)
        return optimizer


class _Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """Lets Keras call `AdamW.rate`."""

    def __init__(self, settings: AdamW):
        self._settings = settings

    def __call__(self, step: Any) -> tf.Tensor:
        return self._settings.rate(step)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self._settings)
