"""A rule: a measured value, thresholds, and what to do above them."""

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

from pipeline.findings.finding import Finding

Facts = TypeVar("Facts")


@dataclasses.dataclass(frozen=True)
class Rule(Generic[Facts]):
    """One check of facts of some kind, such as a record set's.

    Attributes:
      slug: of its finding.
      measure: facts -> the number, or None where there is too little data.
      warn: where a warning begins.
      stop: where training is refused; None for never.
      meaning: a sentence with the number, `{:.1%}` or the like, in it.
      advice: what to do.
      consequences: slugs of what can follow from it; these stand below it.
      above: whether large numbers are bad.
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
        """Measures and compares."""
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
