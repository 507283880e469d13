"""AdamW with warm-up, cosine decay and clipping after the reduction."""

import dataclasses
from typing import Any

import keras


class ReducedAdamW(keras.optimizers.AdamW):
    """Takes gradients that the step has already reduced over replicas.

    Keras would reduce them a second time, and clip before it did.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        return grads_and_vars


@dataclasses.dataclass(frozen=True)
class AdamW:
    """Settings of the optimizer and its schedule.

    Attributes:
      learning_rate: at the end of the warm-up.
      warmup_steps: of linear growth from zero.
      decay_steps: of cosine decay to `final_share` after that.
      final_share: of `learning_rate`, kept for ever after.
      weight_decay: decoupled; biases, norms and embeddings have none.
      clip_norm: largest global norm of the reduced gradients.

    Raises:
      ValueError: a rate, norm or number of steps that is not positive.
    """

    learning_rate: float = 1e-3
    warmup_steps: int = 200
    decay_steps: int = 5000
    final_share: float = 0.05
    weight_decay: float = 1e-4
    clip_norm: float = 1.0

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        for name in ("learning_rate", "decay_steps", "clip_norm"):
            if getattr(self, name) <= 0:
                raise ValueError(
                    f"`{name}` must be positive, got {getattr(self, name)}"
                )
        for name in ("warmup_steps", "final_share", "weight_decay"):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"`{name}` must not be negative, got {getattr(self, name)}"
                )

    def build(self, variables: list[keras.Variable]) -> ReducedAdamW:
        """An optimizer whose slots exist before the first step."""
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0 if self.warmup_steps else self.learning_rate,
            self.decay_steps,
            alpha=self.final_share,
            warmup_target=self.learning_rate if self.warmup_steps else None,
            warmup_steps=self.warmup_steps,
        )
        optimizer = ReducedAdamW(
            schedule,
            weight_decay=self.weight_decay,
            global_clipnorm=self.clip_norm,
        )
        optimizer.exclude_from_weight_decay(
            var_names=["bias", "gamma", "beta", "embeddings"]
        )
        optimizer.build(variables)
        return optimizer
