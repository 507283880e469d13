"""A finding: how one check came out, by which number, and what to do."""

import dataclasses
from collections.abc import Iterable

LEVELS = ("ok", "warn", "stop")


@dataclasses.dataclass(frozen=True)
class Finding:
    """How one check of a record set came out.

    Attributes:
      slug: stable name, such as `shuffled-pairs`.
      level: `ok`; `warn` if training works worse than it could; `stop` if it
        can't work, or if its scores would mean nothing.
      value: the number that was judged; None if there is too little data to
        judge by, which is `ok`.
      threshold: the value at which this level begins; of `ok`, the value at
        which `warn` would have begun.
      above: whether values above the threshold are bad; else those below it.
      meaning: what the number means, in one or two sentences.
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
    """Returns the gravest level of some findings, of which there is one."""
    return max(findings, key=lambda each: each.severity).level
