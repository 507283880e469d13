"""A mean over images, and how sure it is."""

import dataclasses
import math
from typing import Self

import numpy as np


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean over images.

    Attributes:
      mean: of the images that were measured.
      error: its standard error.
    """

    mean: float
    error: float

    @classmethod
    def of(cls, values: np.ndarray) -> Self:
        """Estimates the mean of values [images]; one alone has no error."""
        several = len(values) > 1
        error = values.std(ddof=1) / np.sqrt(len(values)) if several else 0
        return cls(float(values.mean()), float(error))

    @property
    def z(self) -> float:
        """The mean in standard errors."""
        if self.error:
            return self.mean / self.error
        return math.copysign(math.inf, self.mean) if self.mean else 0.0
