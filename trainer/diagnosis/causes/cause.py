"""A cause of collapse: what speaks for it, how much of it, and its cure."""

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

from trainer.diagnosis.cures import Cure

Evidence = TypeVar("Evidence")


@dataclasses.dataclass(frozen=True)
class Dose:
    """How much of a cause there is.

    Attributes:
      value: the estimate.
      low: lower end of its 95 % interval.
      high: upper end.
      unit: sentence with places for the three, such as `about {value:.0%} of
        the pairs ({low:.0%} to {high:.0%})`.
    """

    value: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        """The dose in words."""
        return self.unit.format(value=self.value, low=self.low, high=self.high)


@dataclasses.dataclass(frozen=True)
class Opinion:
    """What the evidence says of one cause.

    Attributes:
      strength: from 0, nothing speaks for it, to 1, it is certain.
      speaks_for: measurements that do.
      speaks_against: measurements that do not fit.
      dose: how much of it; None where that can't be said.
      cure: what to do about it; the first stands first.
    """

    strength: float
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...] = ()
    dose: Dose | None = None
    cure: tuple[Cure, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The cure as lines to paste: gin bindings and commands."""
        return tuple(line for each in self.cure for line in each.lines)


@dataclasses.dataclass(frozen=True)
class Cause(Generic[Evidence]):
    """One row of a table of causes, by some kind of evidence.

    Attributes:
      slug: stable name, such as `mismatched-pairs`.
      meaning: what is wrong, in one sentence.
      judge: evidence -> an opinion; None where what it needs is missing, or
        nothing speaks for it.
      refute: what would show that it is not the cause.
      consequences: slugs of causes that this one also looks like.
    """

    slug: str
    meaning: str
    judge: Callable[[Evidence], Opinion | None]
    refute: str
    consequences: tuple[str, ...] = ()


def between(value: float, nothing: float, certain: float) -> float:
    """A strength: 0 at `nothing`, 1 at `certain`, linear in between."""
    share = (value - nothing) / (certain - nothing)
    return min(max(share, 0.0), 1.0)
