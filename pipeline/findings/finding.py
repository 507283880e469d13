"""One judgement of a record set: how grave, by which number, what to do."""

import dataclasses
from collections.abc import Iterable

LEVELS = ("ok", "warn", "stop")


@dataclasses.dataclass(frozen=True)
class Finding:
    """A check of a record set and how it came out.

    Attributes:
      slug: stable name, such as `shuffled-pairs`.
      level: `ok`; `warn`, where training works worse than it could; `stop`,
        where it can't work or its scores would mean nothing.
      value: the number that was judged; None where there is too little data
        to judge by, which is `ok`.
      threshold: the value at which this level begins; for `ok` the one that
        would have been `warn`.
      above: whether values above the threshold are the bad ones.
      meaning: what the number says, in one or two sentences.
      advice: what to do; empty for `ok`.
      consequences: slugs of the other findings that follow from this one.

    Raises:
      ValueError: no such level.
    """

    slug: str
    level: str
    value: float | None
    threshold: float
    above: bool
    meaning: str
    advice: str = ""
    consequences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Validates the level."""
        if self.level not in LEVELS:
            raise ValueError(
                f"`level` must be one of {LEVELS}, got {self.level!r}"
            )

    @property
    def severity(self) -> int:
        """0 for `ok` to 2 for `stop`."""
        return LEVELS.index(self.level)


def gravest(findings: Iterable[Finding]) -> str:
    """The gravest level of some findings; there must be one."""
    return max(findings, key=lambda each: each.severity).level
