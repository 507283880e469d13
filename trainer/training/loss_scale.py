"""The factor that keeps float16 gradients above its smallest numbers.

Keras judges each replica's gradients before they are reduced, so that an
overflow on one replica writes NaN on all, or hangs the others. This scale is
updated after the reduction, where all replicas see the same gradients.
"""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class DynamicScale:
    """Settings of dynamic loss scaling (Micikevicius et al. 2018, section 3.2).

    Attributes:
      initial: the first factor; a power of two keeps the loss exact.
      growth_steps: finite updates in a row after which it doubles.
      smallest: the factor never falls below this.

    Raises:
      ValueError: a number below one.
    """

    initial: float = 2.0**10
    growth_steps: int = 2000
    smallest: float = 1.0

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value < 1:
                raise ValueError(
                    f"`{field.name}` must be one or more, got {value}"
                )


class LossScale(tf.Module):
    """A factor that grows with finite updates and halves with the others.

    Attributes:
      factor: float32 variable [], multiplies the loss.
      finite_steps: int64 variable [], updates since the factor last changed.
    """

    def __init__(self, settings: DynamicScale | None):
        """Without settings, the factor stays one."""
        super().__init__(name="loss_scale")
        self._settings = settings
        initial = settings.initial if settings else 1.0
        self.factor = tf.Variable(
            initial, False, name="factor", dtype=tf.float32
        )
        self.finite_steps = tf.Variable(
            0, False, name="finite_steps", dtype=tf.int64
        )

    def can_fall(self) -> tf.Tensor:
        """Bool []: whether a smaller factor may yet bring finite gradients."""
        smallest = self._settings.smallest if self._settings else 1.0
        return self.factor.read_value() > smallest

    def update(self, finite: tf.Tensor) -> None:
        """Adapts the factor to the outcome of an update.

        Args:
          finite: bool [], whether the reduced gradients were finite.
        """
        if self._settings is None:
            return
        none = tf.zeros([], tf.int64)
        steps = tf.where(finite, self.finite_steps.read_value() + 1, none)
        grow = steps >= self._settings.growth_steps
        factor = self.factor.read_value()
        halved = tf.maximum(factor / 2, self._settings.smallest)
        factor = tf.where(finite, tf.where(grow, factor * 2, factor), halved)
        self.factor.assign(factor)
        self.finite_steps.assign(tf.where(grow, none, steps))
