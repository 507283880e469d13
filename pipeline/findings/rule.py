"""A rule: a measured value, thresholds, and what to do above them."""

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

from pipeline.findings.finding import Finding

Facts = TypeVar("Facts")


@dataclasses.dataclass(frozen=True)
class Rule(Generic[Facts]):
    """One check of some kind of facts, such as those about a record set.

    Attributes:
      slug: stable name of its finding.
      measure: facts -> the number, or None if there is too little data.
      warn: the number at which a warning begins.
      stop: the number at which training is refused; None for never.
      meaning: a sentence with a place for the number, such as `{:.1%}`.
      advice: what to do.
      consequences: slugs of the findings that can follow from this one; their
        rules stand below it in a table.
      above: whether large numbers are bad; else small ones are.
    """

    slug: str
    measure: Callable[[Facts], float | None]
    warn: float
    stop: float | None
    meaning: str
    advice: str
    consequences: tuple[str, ...] = ()
    above: bool = True

    def judge(self, facts: Facts) -> Finding:
        """Measures the facts and compares the number with the thresholds."""
        value = self.measure(facts)
        level, threshold = "ok", self.warn
        for name, limit in (("warn", self.warn), ("stop", self.stop)):
            if self._beyond(value, limit):
                level, threshold = name, limit or 0.0
        return Finding(
            slug=self.slug,
            level=level,
            value=value,
            threshold=threshold,
            above=self.above,
            meaning=self._worded(value),
            advice="" if level == "ok" else self.advice,
        )

    def _beyond(self, value: float | None, limit: float | None) -> bool:
        if value is None or limit is None:
            return False
        return value > limit if self.above else value < limit

    def _worded(self, value: float | None) -> str:
        if value is None:
            return "There is too little data to judge by."
        return self.meaning.format(value)
